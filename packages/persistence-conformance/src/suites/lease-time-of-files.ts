import assert from 'node:assert/strict'
import { copyFile, rename } from 'node:fs/promises'
import { held } from '../held.js'
import { ManualClock } from '../manual-clock.js'
import { type EngineSuite, engineSuite } from '../suite.js'
import type { World } from '../world.js'

const TTL = 60_000
const YEAR = 365 * 86_400_000
const database = { locks: 'database' } as const

/** Makes a file on a machine whose clock is a year ahead. */
async function fileAhead(world: World): Promise<string> {
  const path = `${world.path}-ahead`
  const clock = new ManualClock()
  clock.jump(YEAR)
  const adapter = await world.engine.SQLiteAdapter.open(path, { ...database, clock })
  await adapter.lock.acquire('job', TTL)
  held(await adapter.idempotency.claim('job', { lease: TTL }))
  await adapter.disconnect()
  return path
}

export const leaseTimeOfFiles: EngineSuite = engineSuite('lease time of several files', (check) => {
  check('a file whose time is ahead ends no leases in another', async (world) => {
    const path = await fileAhead(world)
    // As a separate process: it knows nothing of the other file.
    const holder = await world.second({ ...database, clock: new ManualClock() })
    const lock = await holder.lock.acquire('job', TTL)
    const claim = held(await holder.idempotency.claim('job', { lease: TTL }))
    const both = { ...database, clock: world.clock }
    const ahead = await world.open(both, path)
    assert.equal(await ahead.lock.acquire('job', TTL), null, 'leases of the file go by the time of the file')
    assert.equal((await ahead.idempotency.claim('job', { lease: TTL })).state, 'running')
    const one = await world.adapter(both)
    assert.equal(await one.lock.acquire('job', TTL), null)
    assert.equal((await one.idempotency.claim('job', { lease: TTL })).state, 'running')
    assert.ok(await one.lock.acquire('other', TTL))
    held(await one.idempotency.claim('other', { lease: TTL }))
    assert.equal(await lock?.isValid(), true)
    assert.deepEqual(await claim.complete(1), { recorded: true })
  })

  check('a file that replaces one whose time is ahead has its own time', async (world) => {
    const path = await fileAhead(world)
    const both = { ...database, clock: world.clock }
    const ahead = await world.open(both, path)
    assert.equal(await ahead.lock.acquire('job', TTL), null, 'the time of the file is known')
    for (const suffix of ['', '-wal', '-shm']) await rename(path + suffix, `${path}-moved${suffix}`)
    const one = await world.open(both, path)
    assert.ok(await one.lock.acquire('job', TTL))
    world.clock.advance(TTL)
    // As a separate process whose clock is right.
    const clock = new ManualClock()
    clock.advance(TTL)
    const other = await world.open({ ...database, clock }, path)
    assert.ok(await other.lock.acquire('job', TTL), 'the lease ends when its time to live is over')
  })

  check('a file that is overwritten while nobody uses it has the time of its new content', async (world) => {
    const path = await fileAhead(world)
    const both = { ...database, clock: world.clock }
    const ahead = await world.open(both, path)
    assert.equal(await ahead.lock.acquire('job', TTL), null, 'the time of the file is known')
    await ahead.disconnect()
    await world.makeFile()
    // In place, so that it stays the same file.
    await copyFile(world.path, path)
    const one = await world.open(both, path)
    assert.equal((await one.lock.acquire('job', TTL))?.expiresAt, world.clock.now() + TTL)
  })
})
