import assert from 'node:assert/strict'
import { expect, test } from 'vitest'
import { engine, proveCell, schemaForEachTest } from '../postgres/cell.js'

proveCell()

const schema = schemaForEachTest()

test.each([
  ['auto', true],
  [false, false],
] as const)('open with prepare: %s keeps statements prepared: %s', async (prepare, kept) => {
  const options = { locks: 'database', prepare } as const
  const adapter = await engine.SQLiteAdapter.open(schema.name, options)
  const lock = await adapter.acquire('job', 60_000)
  assert(lock)
  // On the connection that asks.
  await adapter.prune()
  const sql = "SELECT name FROM pg_prepared_statements WHERE statement LIKE '%DELETE FROM%'"
  const [rows = []] = await adapter.fenced(lock, [{ sql }])
  expect(rows.length > 0).toBe(kept)
  await adapter.disconnect()
})
