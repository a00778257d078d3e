import assert from 'node:assert/strict'
import { PostgresAdapter, type PostgresHandle } from '@go-go-scope/persistence-postgres'
import postgres from 'postgres'
import { expect, test } from 'vitest'
import { proveCell, schemaForEachTest } from '../postgres/cell.js'
import { serverUrl } from '../postgres/server/places.mjs'

proveCell()

const schema = schemaForEachTest()

const OPTIONS = { durability: 'process', newsUrl: false } as const
// The state in which a failover leaves a connection.
const BECOME_READ_ONLY = { sql: "SELECT set_config('default_transaction_read_only', 'on', false)" }

type Pool = PostgresHandle & { unsafe(sql: string): PromiseLike<readonly unknown[]>; end(): PromiseLike<unknown> }

/** A pool of two connections: one for short calls, one for long ones. */
function newPool(): Pool {
  const { Bun } = globalThis as { Bun?: { SQL: new (options: object) => Pool } }
  return Bun === undefined
    ? postgres(serverUrl(), { max: 2, onnotice: () => undefined })
    : new Bun.SQL({ adapter: 'postgres', url: serverUrl(), max: 2 })
}

test('a connection of the app’s pool that became read-only is ended, and not used again', async () => {
  const adapter = new PostgresAdapter(newPool(), { ...OPTIONS, schema: schema.name })
  const lock = await adapter.acquire('job', 60_000)
  assert(lock)
  await adapter.fenced(lock, [BECOME_READ_ONLY])
  await expect(adapter.prune()).rejects.toMatchObject({ code: 'READ_ONLY' })
  await adapter.prune()
  await adapter.disconnect()
})

test('a connection that became read-only within a transaction is removed from the app’s pool', async () => {
  const pool = newPool()
  const adapter = new PostgresAdapter(pool, {
    ...OPTIONS,
    schema: schema.name,
    busyTimeout: 1_000,
    closeOnDisconnect: false,
  })
  const lock = await adapter.acquire('job', 60_000)
  assert(lock)
  // More rounds than the pool has connections.
  for (let round = 0; round < 3; round++) {
    await adapter.fenced(lock, [BECOME_READ_ONLY])
    await expect(adapter.fenced(lock, [{ sql: 'SELECT 1' }])).rejects.toMatchObject({ code: 'READ_ONLY' })
  }
  await adapter.disconnect()
  // The read-only error is not passed to statements of the app, and the pool can be ended.
  await Promise.all([pool.unsafe('SELECT 1'), pool.unsafe('SELECT 1')])
  await pool.end()
})
