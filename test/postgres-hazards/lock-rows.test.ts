import { ManualClock } from '@go-go-scope/persistence-conformance'
import type { PostgresAdapter } from '@go-go-scope/persistence-postgres'
import { beforeEach, expect, test } from 'vitest'
import { proveCell } from '../postgres/cell.js'
import { admin, disconnectAfterEach, newSchema, opens } from './server-adapters.js'

disconnectAfterEach()

proveCell()

const MINUTE = 60_000

let schema: string
let clock: ManualClock
let adapter: PostgresAdapter

beforeEach(async () => {
  schema = newSchema()
  clock = new ManualClock()
  adapter = await opens(schema, { clock })
})

async function taken(ttl: number) {
  const handle = await adapter.acquire('job', ttl)
  if (handle === null) throw new Error('the lock is free')
  return handle
}

/** Returns the row's position in the index of rows to sweep. */
async function entry(): Promise<number | undefined> {
  const { rows } = await admin.query(`SELECT sweep_at FROM "${schema}".locks`)
  return rows[0]?.sweep_at
}

test('no column that changes with every grant is indexed', async () => {
  const { rows } = await admin.query(
    `SELECT indexdef FROM pg_indexes WHERE schemaname = $1 AND tablename = 'locks' ORDER BY indexname`,
    [schema],
  )
  expect(rows.map(({ indexdef }) => /\((.*)\)$/.exec(indexdef)?.[1])).toEqual(['key', 'sweep_at'])
})

test.each([30_000, 60 * MINUTE])('a lock that is acquired again for %s ms keeps its index entries', async (ttl) => {
  await (await taken(ttl)).release()
  const before = await entry()
  for (let round = 0; round < 5; round++) {
    clock.advance(1_000)
    const handle = await taken(ttl)
    await handle.extend(ttl)
    await handle.release()
    expect(await entry()).toBe(before)
  }
})

test('the row of a released lock is removed after a minute, however long its lease was', async () => {
  await (await taken(60 * MINUTE)).release()
  clock.advance(MINUTE)
  await adapter.prune()
  expect(await entry()).toBeUndefined()
})

test('the row of a force-released lock is removed, however long its lease was', async () => {
  await taken(60 * MINUTE)
  await adapter.lock.forceRelease('job')
  await adapter.prune()
  expect(await entry()).toBeUndefined()
})

test('a row that was due for an earlier lease stays during the next one, and is examined once', async () => {
  await (await taken(MINUTE)).release()
  clock.advance(20_000)
  const end = clock.now() + 60 * MINUTE
  const handle = await taken(60 * MINUTE)
  clock.advance(45_000)
  expect(await entry()).toBeLessThan(clock.now())
  await adapter.prune()
  expect(await entry()).toBe(end)
  expect(await handle.isValid()).toBe(true)
  clock.advance(60 * MINUTE)
  await adapter.prune()
  expect(await entry()).toBeUndefined()
})
