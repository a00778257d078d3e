import assert from 'node:assert/strict'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { AdapterUnderTest } from '../engine-under-test.js'
import { type EngineSuite, engineSuite } from '../suite.js'
import type { World } from '../world.js'
import { Child, withChildren } from './child.js'

const POLL_MS = 2

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => ({ size: 0 }))).size
}

/** Lets a writer acknowledge about `bytes` more, kills it, and returns all acknowledged numbers so far. */
async function writeAndKill(world: World, first: number, inFlight: number, bytes: number): Promise<number[]> {
  const log = join(world.folder, 'acknowledged')
  const enough = (await sizeOf(log)) + bytes
  const writer = new Child(world.engine, 'write-until-killed', world.path, log, first, inFlight)
  await withChildren([writer], async () => {
    let ended = false
    void writer.ended.then(() => {
      ended = true
    })
    while (!ended && (await sizeOf(log)) < enough) await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    writer.kill()
  })
  const { signal, stderr } = await writer.ended
  assert.deepEqual({ signal, stderr }, { signal: 'SIGKILL', stderr: '' })
  return (await readFile(log, 'utf8')).trimEnd().split('\n').map(Number)
}

async function isThere(adapter: AdapterUnderTest, number: number): Promise<boolean> {
  switch (number % 4) {
    case 0:
      return (await adapter.cache.get<{ number: number }>(`k${number}`))?.number === number
    case 1:
      return (await adapter.idempotency.get<unknown[]>(`k${number}`))?.value[1] === number
    case 2:
      return (await adapter.checkpoint.load<{ number: number }>(`k${number}`))?.data.number === number
    default:
      return true
  }
}

async function verify(world: World, acknowledged: readonly number[]): Promise<void> {
  const adapter = await world.open()
  const found = await Promise.all(acknowledged.map((number) => isThere(adapter, number)))
  assert.deepEqual(
    acknowledged.filter((_, index) => found[index] !== true),
    [],
    'acknowledged, and lost',
  )
  const failures = acknowledged.filter((number) => number % 4 === 3).length
  const counted = (await adapter.getState('api'))?.failureCount ?? 0
  assert.ok(counted >= failures, `${failures} failures were acknowledged, ${counted} are there`)
  await adapter.disconnect()
  assert.deepEqual(Object.values((await world.rows('PRAGMA integrity_check'))[0] ?? {}), ['ok'])
  await world.closeRaw()
}

export const kill: EngineSuite = engineSuite('kill -9', (check) => {
  for (const [title, inFlight] of [
    ['one by one', 1],
    ['40 in flight', 40],
  ] as const) {
    check(`every acknowledged write is there after the writer was killed, ${title}`, async (world) => {
      for (let round = 1; round <= 6; round++) {
        // Numbers of a round never meet those of another, so a lost write cannot be hidden by a later one.
        const acknowledged = await writeAndKill(world, round * 1_000_000, inFlight, 200 * round + 37 * inFlight)
        assert.ok(acknowledged.length > 0)
        await verify(world, acknowledged)
      }
    })
  }
})
