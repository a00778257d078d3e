import assert from 'node:assert/strict'
import { PostgresAdapter, type PostgresHandle } from '@go-go-scope/persistence-postgres'
import postgres from 'postgres'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { engine, proveCell } from '../postgres/cell.js'
import { serverUrl } from '../postgres/server/places.mjs'

proveCell()

const { places } = engine
assert(places)

let schema: string
beforeEach(async () => {
  schema = await places.take()
})
afterEach(() => places.give(schema))

/** A pool of two connections: one for the calls, one for what may take long. */
function newPool(): PostgresHandle {
  const { Bun } = globalThis as { Bun?: { SQL: new (options: object) => PostgresHandle } }
  return Bun === undefined
    ? postgres(serverUrl(), { max: 2, onnotice: () => undefined })
    : new Bun.SQL({ adapter: 'postgres', url: serverUrl(), max: 2 })
}

test('a connection of the app’s pool that cannot write any more is ended, and not taken again', async () => {
  const adapter = new PostgresAdapter(newPool(), { schema, durability: 'process', newsUrl: false })
  const lock = await adapter.acquire('job', 60_000)
  assert(lock)
  // As a failover leaves it behind.
  await adapter.fenced(lock, [{ sql: "SELECT set_config('default_transaction_read_only', 'on', false)" }])
  await expect(adapter.prune()).rejects.toMatchObject({ code: 'READ_ONLY' })
  await adapter.prune()
  await adapter.disconnect()
})
