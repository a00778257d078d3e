import assert from 'node:assert/strict'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { engine, proveCell } from '../postgres/cell.js'

proveCell()

const { places } = engine
assert(places)

let place: string
beforeEach(async () => {
  place = await places.take()
})
afterEach(() => places.give(place))

test.each([
  ['auto', true],
  [false, false],
] as const)('open with prepare: %s keeps statements prepared: %s', async (prepare, kept) => {
  const options = { locks: 'database', prepare } as const
  const adapter = await engine.SQLiteAdapter.open(place, options)
  const lock = await adapter.acquire('job', 60_000)
  assert(lock)
  // By the connection that asks.
  await adapter.prune()
  const sql = "SELECT name FROM pg_prepared_statements WHERE statement LIKE '%DELETE FROM%'"
  const [rows = []] = await adapter.fenced(lock, [{ sql }])
  expect(rows.length > 0).toBe(kept)
  await adapter.disconnect()
})
