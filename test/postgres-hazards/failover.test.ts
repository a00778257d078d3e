import { type DiagnosticEvent, PostgresAdapter } from '@go-go-scope/persistence-postgres'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { proveCell } from '../postgres/cell.js'
import { type Server, startServer, startStandby } from '../postgres/server/start-server.mjs'
import { relay } from './relay.mjs'
import { disconnectAfterEach, eventually, newSchema, opens } from './server-adapters.js'

disconnectAfterEach()

proveCell()

let primary: Server
let standby: Server
const schema = newSchema()

async function asked(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

/** Returns a WAL position of a server. */
async function reached(url: string, how: string): Promise<string> {
  const [row] = await asked(url, `SELECT (${how})::text AS at`)
  return String(row?.at)
}

beforeAll(async () => {
  primary = await startServer()
  await (await PostgresAdapter.open(primary.url, { schema })).disconnect()
  const client = new pg.Client({ connectionString: primary.url })
  await client.connect()
  standby = await startStandby(primary, async (sql) => (await client.query(sql)).rows)
  await client.end()
}, 60_000)

afterAll(async () => {
  await standby?.stop()
  await primary?.stop()
})

test('a standby is refused, unless the adapter only reads', async () => {
  await expect(opens(schema, {}, standby.url)).rejects.toMatchObject({ code: 'READ_ONLY' })
  const writer = await opens(schema, {}, primary.url)
  await writer.cache.set('k', 1)
  const reader = await opens(schema, { readOnly: true }, standby.url)
  expect(await eventually(() => reader.cache.get<number>('k'))).toBe(1)
  await expect(reader.cache.set('k', 2)).rejects.toMatchObject({ code: 'READ_ONLY' })
  // `none` would mean that it can listen, and that nobody waits.
  expect(await reader.stats()).toMatchObject({ timeline: 0, notifications: 'polling' })
})

test('a promoted standby that lacks the last grants gives no token or generation again, and revives no lease', async () => {
  const route = await relay(primary.url)
  try {
    const told: DiagnosticEvent[] = []
    const onDiagnostic = (event: DiagnosticEvent): unknown => event.type === 'failover' && told.push(event)
    const adapter = await opens(schema, { busyTimeout: 20_000, onDiagnostic }, route.url)
    const hasty = await opens(schema, { busyTimeout: 0 }, route.url)
    const first = await adapter.acquire('job', 60_000)
    await first?.release()
    const at = await reached(primary.url, 'pg_current_wal_lsn()')
    await eventually(async () =>
      (await reached(standby.url, `pg_last_wal_replay_lsn() >= '${at}'::pg_lsn`)) === 'true' ? true : undefined,
    )
    // From here on the standby receives no WAL.
    await asked(standby.url, "ALTER SYSTEM SET primary_conninfo = ''")
    await asked(standby.url, 'SELECT pg_reload_conf()')
    await eventually(async () =>
      (await asked(standby.url, 'SELECT 1 FROM pg_stat_wal_receiver')).length === 0 ? true : undefined,
    )
    const last = { token: 0, generation: 0 }
    for (let round = 0; round < 60; round++) {
      const lock = await adapter.acquire('job', 60_000)
      if (lock === null) throw new Error('the lock is free')
      const claim = await adapter.idempotency.claim('pay', { lease: 60_000 })
      if (claim.state !== 'claimed') throw new Error('the key is free')
      Object.assign(last, { token: lock.token, generation: claim.generation })
      await Promise.all([lock.release(), claim.fail(new Error('again'))])
    }
    const held = await adapter.acquire('held', 60_000)
    if (held === null) throw new Error('the lock is free')
    expect((await adapter.stats()).timeline).toBe(1)

    await primary.kill()
    route.leadTo(standby.port)
    // Before the promotion, reads of possibly old data are refused, and calls wait for a primary.
    const refusal = { code: 'UNAVAILABLE', message: expect.stringContaining('the server is a standby') }
    // The first call may only find that its connection has ended.
    await hasty.cache.get('early').catch(() => undefined)
    await expect(hasty.cache.get('early')).rejects.toMatchObject(refusal)
    const early = adapter.cache.set('early', 1)
    await asked(standby.url, 'SELECT pg_promote()')
    await early
    expect(told).toMatchObject([{ before: 1, now: 2 }])

    expect((await adapter.stats()).timeline).toBe(2)
    const next = await adapter.acquire('job', 60_000)
    expect(next?.token).toBeGreaterThan(last.token)
    const claim = await adapter.idempotency.claim('pay', { lease: 60_000 })
    expect(claim.state === 'claimed' && claim.generation).toBeGreaterThan(last.generation)
    expect((await adapter.verify()).faults).toEqual([])
    // The grant is lost with the primary, and its holder is notified.
    expect(await held.isValid()).toBe(false)
    await expect(adapter.fenced(held, [{ sql: 'SELECT 1' }])).rejects.toMatchObject({ code: 'LOCK_LOST' })
    expect((await adapter.acquire('held', 60_000))?.token).toBeGreaterThan(held.token)
  } finally {
    await route.close()
  }
})
