import { ManualClock } from '@go-go-scope/persistence-conformance'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { proveCell } from '../postgres/cell.js'
import { serverUrl } from '../postgres/server/places.mjs'
import { type HoldingProxy, holdingProxy } from './holding-proxy.mjs'
import { admin, disconnectAfterEach, newSchema, opens, refused, rewritten } from './server-adapters.js'

disconnectAfterEach()

proveCell()

let proxy: HoldingProxy
beforeAll(async () => {
  proxy = await holdingProxy(serverUrl())
})
afterAll(() => proxy.close())

let schema: string
beforeEach(() => {
  schema = newSchema()
})

/** Returns two statements. The server ends the connection after the first one, while the client reads nothing. */
function statements(): { sql: string }[] {
  return [1, 2].map((value) => ({ sql: `INSERT INTO "${schema}".written VALUES (${value}) /* statement ${value} */` }))
}

async function endAfterFirst(): Promise<void> {
  await admin.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'idle in transaction' AND query LIKE $1`,
    [`%"${schema}".written%statement 1%`],
  )
}

async function written(): Promise<number[]> {
  return (await admin.query(`SELECT value FROM "${schema}".written ORDER BY 1`)).rows.map(({ value }) => value)
}

for (const driver of ['pg', 'postgres'] as const) {
  test(`a transaction whose connection ends between two statements runs again as a whole: ${driver}`, async () => {
    const adapter = await opens(schema, { driver }, proxy.url)
    await admin.query(`CREATE TABLE "${schema}".written (value int)`)
    const lock = await adapter.acquire('job', 60_000)
    if (lock === null) throw new Error('the lock is free')
    const held = proxy.holdFrom('statement 1')
    const answer = adapter.fenced(lock, statements())
    await held.answered
    await endAfterFirst()
    await held.ended
    held.passOn()
    await answer
    expect(await written()).toEqual([1, 2])
  })

  test(`a holder that learns late that its transaction was ended writes nothing under a lost lock: ${driver}`, async () => {
    const adapter = await opens(schema, { driver }, proxy.url)
    const other = await opens(schema)
    await admin.query(`CREATE TABLE "${schema}".written (value int)`)
    const lock = await adapter.acquire('job', 60_000)
    if (lock === null) throw new Error('the lock is free')
    const held = proxy.holdFrom('statement 1')
    const answer = adapter.fenced(lock, statements()).catch((error: unknown) => error)
    await held.answered
    await endAfterFirst()
    await held.ended
    await other.lock.forceRelease('job')
    held.passOn()
    expect(await answer).toMatchObject({ code: 'LOCK_LOST' })
    expect(await written()).toEqual([])
  })
}

const ENDS_AFTER = { sql: "SELECT setting FROM pg_settings WHERE name = 'idle_in_transaction_session_timeout'" }

test('the server ends a transaction of fenced with the lease, if the process hangs', async () => {
  const clock = new ManualClock()
  const adapter = await opens(schema, { clock })
  const lock = await adapter.acquire('job', 60_000)
  if (lock === null) throw new Error('the lock is free')
  clock.advance(20_000)
  expect(await adapter.fenced(lock, [ENDS_AFTER])).toEqual([[{ setting: '40000' }]])
  // With 0, the server would wait without a limit.
  clock.advance(39_999.9)
  expect(await adapter.fenced(lock, [ENDS_AFTER])).toEqual([[{ setting: '1000' }]])
})

test('the server ends a transaction of fenced after ten seconds, if the process hangs before it checks the lease', async () => {
  const unchecked = 'SELECT $1::text, $2::text, $3::bigint, $4::text'
  const adapter = await rewritten(schema, (sql) => (sql.endsWith('FOR KEY SHARE') ? unchecked : sql))
  const lock = await adapter.acquire('job', 60_000)
  if (lock === null) throw new Error('the lock is free')
  expect(await adapter.fenced(lock, [ENDS_AFTER])).toEqual([[{ setting: '10000' }]])
})

test('a fenced that comes too late keeps nobody from the lock, however long its process hangs', async () => {
  const adapter = await opens(schema, {}, proxy.url)
  const other = await opens(schema)
  const lock = await adapter.acquire('job', 60_000)
  if (lock === null) throw new Error('the lock is free')
  await other.lock.forceRelease('job')
  const held = proxy.holdFrom('advisory_xact_lock_shared')
  const answer = refused(adapter.fenced(lock, [{ sql: 'SELECT 1' }]))
  await held.answered
  expect((await other.acquire('job', 60_000))?.token).toBeGreaterThan(lock.token)
  held.passOn()
  expect(await answer).toMatchObject({ code: 'LOCK_LOST' })
})
