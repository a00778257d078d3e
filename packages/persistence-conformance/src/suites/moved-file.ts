import assert from 'node:assert/strict'
import { rename, rm, writeFile } from 'node:fs/promises'
import type { AdapterUnderTest } from '../engine-under-test.js'
import { eventually } from '../eventually.js'
import { held } from '../held.js'
import { refuses } from '../refusal.js'
import { type EngineSuite, engineSuite } from '../suite.js'
import type { World } from '../world.js'

const LOOKS_MS = 1_000

type Write = readonly [operation: string, write: (adapter: AdapterUnderTest) => Promise<unknown>]

/** Waits until the adapter, which looks once a second, has looked once. */
export async function untilNoticed(world: World, adapter: AdapterUnderTest): Promise<void> {
  world.clock.advance(LOOKS_MS)
  await eventually('it is noticed', () => !adapter.isConnected())
}

export const movedFile: EngineSuite = engineSuite('a file that is moved away', (check) => {
  const ways: readonly (readonly [title: string, move: (path: string) => Promise<void>])[] = [
    ['deleted', (path) => rm(path)],
    ['renamed', (path) => rename(path, `${path}.old`)],
    [
      'replaced',
      async (path) => {
        await rename(path, `${path}.old`)
        await writeFile(path, '')
      },
    ],
  ]
  for (const [title, move] of ways) {
    check(`is noticed when it was ${title}: writes fail from then on`, async (world) => {
      const adapter = await world.open({ clock: world.clock, locks: 'database' })
      await adapter.cache.set('k', 1)
      const claim = held(await adapter.idempotency.claim('k', { lease: 3_600_000 }))
      const lock = await adapter.acquire('k', 3_600_000)
      await move(world.path)
      await untilNoticed(world, adapter)
      const noticed = { code: 'FILE_REPLACED', says: ['app.db'] }
      const calls: readonly (readonly [operation: string, call: () => Promise<unknown>])[] = [
        ['cache.set', () => adapter.cache.set('k', 2)],
        ['circuitBreaker.recordFailure', () => adapter.recordFailure('api', 5)],
        ['idempotency.complete', () => claim.complete(1)],
        ['connect', () => adapter.connect()],
      ]
      for (const [operation, call] of calls) assert.equal((await refuses(call, noticed)).operation, operation)
      assert.deepEqual([await lock?.isValid(), await lock?.extend(1_000), await lock?.release()], [false, false, false])
    })
  }

  const parts = ['-wal', '-shm'].flatMap((suffix) => ways.map(([title, move]) => ({ suffix, title, move })))
  for (const { suffix, title, move } of parts) {
    const part = suffix === '-wal' ? 'a WAL' : 'an index of a WAL'
    const moveLog = (world: World): Promise<void> => move(world.path + suffix)
    const noticed = { code: 'FILE_REPLACED', says: [`app.db${suffix}`] }

    check(`${part} that was ${title} is noticed before another write is acknowledged`, async (world) => {
      const [set, setMany, recordFailure, claim]: readonly [Write, Write, Write, Write] = [
        ['cache.set', ({ cache }) => cache.set('k', 2)],
        ['cache.setMany', ({ cache }) => cache.setMany([['k', 2]])],
        ['circuitBreaker.recordFailure', ({ circuitBreaker }) => circuitBreaker.recordFailure('api', 5)],
        ['idempotency.claim', ({ idempotency }) => idempotency.claim('other', { lease: 1_000 })],
      ]
      const groups = [[set], [set, set, set], [setMany], [recordFailure], [set, recordFailure], [claim]]
      // An engine that keeps the file open creates no second index.
      for (const writes of suffix === '-wal' ? groups : groups.slice(0, 1)) {
        const adapter = await world.open({ clock: world.clock })
        await adapter.cache.set('k', 1)
        await moveLog(world)
        world.clock.advance(10)
        const refused = writes.map(([, write]) => refuses(() => write(adapter), noticed))
        const operations = (await Promise.all(refused)).map(({ operation }) => operation)
        assert.deepEqual(
          operations,
          writes.map(([operation]) => operation),
        )
        assert.equal(adapter.isConnected(), false)
        await refuses(() => adapter.cache.get('k'), noticed)
        await adapter.disconnect()
        for (const rest of ['-wal', '-wal.old', '-shm', '-shm.old']) await rm(world.path + rest, { force: true })
      }
    })

    check(`${part} that was ${title} is noticed by an adapter that writes nothing, and on a handle`, async (world) => {
      const adapter = await world.adapter()
      await adapter.cache.set('k', 1)
      await moveLog(world)
      await untilNoticed(world, adapter)
      await refuses(() => adapter.cache.set('k', 2), noticed)
    })
  }

  check('an app that takes its handle out of WAL mode may go on', async (world) => {
    const adapter = await world.adapter()
    await adapter.cache.set('k', 1)
    await world.engine.rows(await world.handle(), 'PRAGMA journal_mode = DELETE')
    world.clock.advance(10)
    await adapter.cache.set('k', 2)
    for (let look = 0; look < 3; look++) {
      world.clock.advance(LOOKS_MS)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    assert.equal(adapter.isConnected(), true)
    assert.equal(await adapter.cache.get('k'), 2)
  })

  check('an emptied WAL, and connections that come and go, are not reported', async (world) => {
    const adapter = await world.open({ clock: world.clock })
    for (let round = 0; round < 3; round++) {
      const other = await world.open()
      await other.cache.set('k', round)
      await other.disconnect()
      await world.rows('PRAGMA wal_checkpoint(TRUNCATE)')
      await world.closeRaw()
      world.clock.advance(LOOKS_MS)
      await adapter.cache.set('mine', round)
    }
    assert.equal(adapter.isConnected(), true)
    assert.equal(await adapter.cache.get('mine'), 2)
  })

  check('a file that stays is not reported', async (world) => {
    const adapter = await world.open({ clock: world.clock })
    for (let look = 0; look < 10; look++) {
      world.clock.advance(LOOKS_MS)
      await adapter.cache.set('k', look)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    assert.equal(adapter.isConnected(), true)
    assert.equal(await adapter.cache.get('k'), 9)
  })
})
