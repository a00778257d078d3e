import { type DiagnosticEvent, PostgresAdapter, type SqlLockHandle } from '@go-go-scope/persistence-postgres'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { proveCell } from '../postgres/cell.js'
import { serverUrl } from '../postgres/server/places.mjs'
import { admin, disconnectAfterEach, eventually, newSchema, opens } from './server-adapters.js'

disconnectAfterEach()

proveCell()

// An advisory lock of the test, on which the app's statement waits.
const GATE = 4_711

let schema: string
let holder: PostgresAdapter
let other: PostgresAdapter
let lock: SqlLockHandle
let written: Promise<unknown>
let openGate: () => Promise<void>
/** The operations that `other` has repeated. */
let repeated: string[]

/** Returns whether a statement with this text waits for an advisory lock. */
async function waits(text: string): Promise<true | undefined> {
  const { rows } = await admin.query(
    "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'advisory' AND query LIKE $1 AND pid <> pg_backend_pid()",
    [`%${text}%`],
  )
  return rows.length > 0 ? true : undefined
}

beforeEach(async () => {
  schema = newSchema()
  repeated = []
  const onDiagnostic = (event: DiagnosticEvent): void => {
    if (event.type === 'busy-retry') repeated.push(event.operation)
  }
  ;[holder, other] = [await opens(schema), await opens(schema, { onDiagnostic })]
  const granted = await holder.acquire('job', 60_000, 'holder')
  if (granted === null) throw new Error('the lock is free')
  lock = granted
  const gate = await admin.connect()
  await gate.query(`SELECT pg_advisory_lock(${GATE})`)
  openGate = async () => {
    await gate.query('SELECT pg_advisory_unlock_all()')
    gate.release()
    openGate = async () => undefined
  }
  written = holder.fenced(lock, [{ sql: `SELECT pg_advisory_xact_lock(${GATE}) /* ${schema} */` }])
  await eventually(() => waits(schema))
})

afterEach(async () => {
  await openGate()
  await written
})

test('while a transaction of fenced runs, its lock can be extended, checked and released', async () => {
  expect(await lock.extend(120_000)).toBe(true)
  expect(await holder.extend('job', 120_000, 'holder')).toBe(true)
  expect(await lock.isValid()).toBe(true)
  expect(await lock.release()).toBe(true)
})

test('while a transaction of fenced runs, others get null at once, alone and among other locks', async () => {
  expect(await other.acquire('job', 60_000)).toBeNull()
  const [held, free] = await Promise.all([other.acquire('job', 60_000), other.acquire('free', 60_000)])
  expect(held).toBeNull()
  expect(free).not.toBeNull()
})

test.each<[how: string, end: () => Promise<unknown>]>([
  ['released', () => lock.release()],
  ['force-released', () => other.lock.forceRelease('job')],
  ['over', () => admin.query(`UPDATE "${schema}".locks SET expires_at = marked_at`)],
])(
  'a lock that is %s while a transaction of fenced runs is null for others at once, and is granted when the transaction has ended',
  async (_, end) => {
    await end()
    expect(await other.acquire('job', 60_000)).toBeNull()
    const [again, free] = await Promise.all([other.acquire('job', 60_000), other.acquire('free', 60_000)])
    expect(again).toBeNull()
    expect(free).not.toBeNull()
    expect(repeated).toEqual([])
    await openGate()
    await written
    expect((await other.acquire('job', 60_000))?.token).toBeGreaterThan(lock.token)
  },
)

test('a transaction of fenced delays no lock of another schema', async () => {
  const elsewhere = await opens(newSchema())
  expect(await elsewhere.acquire('job', 60_000)).not.toBeNull()
})

test('a transaction of fenced has another advisory lock than that of the same lock in another database', async () => {
  await admin.query(`CREATE DATABASE "${schema}"`)
  const url = new URL(serverUrl())
  url.pathname = `/${schema}`
  {
    await using elsewhere = await PostgresAdapter.open(url.href, { schema, durability: 'process' })
    const same = await elsewhere.acquire('job', 60_000)
    if (same === null) throw new Error('the lock is free')
    const sql = `SELECT 1 FROM pg_locks AS own JOIN pg_locks AS other USING (locktype, mode, classid, objid)
WHERE locktype = 'advisory' AND mode = 'ShareLock' AND own.pid = pg_backend_pid() AND other.pid <> own.pid`
    expect(await elsewhere.fenced(same, [{ sql }])).toEqual([[]])
  }
  await admin.query(`DROP DATABASE "${schema}" WITH (FORCE)`)
})
