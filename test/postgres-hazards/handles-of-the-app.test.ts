import { PostgresAdapter } from '@go-go-scope/persistence-postgres'
import pg from 'pg'
import postgres from 'postgres'
import { expect, test } from 'vitest'
import { proveCell } from '../postgres/cell.js'
import { serverUrl } from '../postgres/server/places.mjs'
import { admin, disconnectAfterEach, newSchema, opens, track } from './server-adapters.js'

disconnectAfterEach()

proveCell()

/** Ends the connections that have the name. */
async function endAll(name: string): Promise<void> {
  await admin.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1`, [name])
}

test('who waits for a connection of an sql of postgres gets one also when the one that it waits for ends', async () => {
  const schema = newSchema()
  const sql = postgres(serverUrl(), { max: 1, connection: { application_name: schema } })
  await sql.reserve()
  const options = { schema, durability: 'process', newsUrl: false, busyTimeout: 20_000 } as const
  const adapter = track(new PostgresAdapter(sql, options))
  const connecting = adapter.connect()
  await new Promise((resolve) => setImmediate(resolve))
  await endAll(schema)
  await connecting
  await adapter.cache.set('k', 1)
  expect(await adapter.cache.get('k')).toBe(1)
})

test('a write that the app’s client gives up is not told to have failed', async () => {
  const schema = newSchema()
  await opens(schema) // The tables, which may take longer than what the app's client waits for.
  const pool = new pg.Pool({ connectionString: serverUrl(), query_timeout: 1_000, application_name: schema })
  const adapter = track(new PostgresAdapter(pool, { schema, durability: 'process', newsUrl: false }))
  await adapter.recordFailure('api', 100)
  await admin.query(`CREATE FUNCTION "${schema}".stand_still() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN PERFORM pg_sleep(60); RETURN NEW; END';
    CREATE TRIGGER stand_still BEFORE UPDATE ON "${schema}".circuit FOR EACH ROW EXECUTE FUNCTION "${schema}".stand_still()`)
  await expect(adapter.recordFailure('api', 100)).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' })
  // The server goes on with it meanwhile.
  await endAll(schema)
  await admin.query(`DROP FUNCTION "${schema}".stand_still() CASCADE`)
  expect(await adapter.recordFailure('api', 100)).toBe(2)
})

test('a pool that the app has ended is CLOSED, at once', async () => {
  const schema = newSchema()
  await opens(schema)
  const pool = new pg.Pool({ connectionString: serverUrl() })
  await pool.end()
  const adapter = new PostgresAdapter(pool, { schema, durability: 'process', closeOnDisconnect: false })
  await expect(adapter.cache.get('k')).rejects.toMatchObject({ code: 'CLOSED' })
  await adapter.disconnect()
})
