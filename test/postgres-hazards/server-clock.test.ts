import { PostgresAdapter } from '@go-go-scope/persistence-postgres'
import { afterEach, expect, test, vi } from 'vitest'
import { proveCell } from '../postgres/cell.js'
import {
  admin,
  disconnectAfterEach,
  eventually,
  newSchema,
  opens,
  rewritten,
  track,
  waitingStatement,
} from './server-adapters.js'

disconnectAfterEach()

proveCell()

const HOUR = 3_600_000

afterEach(() => {
  vi.restoreAllMocks()
})

/** Runs `work` while the clock of this process is off by `ms`. */
async function withClockOff<T>(ms: number, work: () => Promise<T>): Promise<T> {
  const { now } = Date
  const off = vi.spyOn(Date, 'now').mockImplementation(() => now() + ms)
  try {
    return await work()
  } finally {
    off.mockRestore()
  }
}

test.each([-HOUR, HOUR])('a client whose clock is off by %s ms agrees on every lease and ttl', async (off) => {
  const schema = newSchema()
  const [right, wrong] = [await opens(schema), await opens(schema)]
  // Together: the answer to one must not change the time from which the lease of another counts.
  const locks = await withClockOff(off, () => Promise.all(['job', 'task'].map((key) => wrong.acquire(key, 60_000))))
  expect(locks.map((lock) => lock?.signal.aborted)).toEqual([false, false])
  expect(await right.acquire('job', 60_000)).toBeNull()
  expect(await right.acquire('other', 60_000)).not.toBeNull()
  expect(await withClockOff(off, () => wrong.acquire('other', 60_000))).toBeNull()

  await withClockOff(off, () => wrong.cache.set('k', 1, 60_000))
  expect(await right.cache.get('k')).toBe(1)
  await right.cache.set('soon', 1, 1)
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(await withClockOff(off, () => wrong.cache.get('soon'))).toBeNull()
  await withClockOff(off, () => wrong.prune())
  expect(await right.cache.get('k')).toBe(1)

  const claim = await withClockOff(off, () => wrong.idempotency.claim('pay', { lease: 60_000 }))
  expect(claim.state).toBe('claimed')
  const other = await right.idempotency.claim('pay', { lease: 60_000 })
  expect(other.state).toBe('running')
  // In the caller's time, by which it may wait.
  if (other.state === 'running') expect(Math.abs(other.until - Date.now() - 60_000)).toBeLessThan(10_000)

  await right.recordFailure('api', 1)
  const options = { resetTimeout: 60_000, probes: 1, lease: 1_000 }
  const admission = await withClockOff(off, () => wrong.circuitBreaker.admit('api', options))
  // Also in the caller's time.
  if (admission.admitted || admission.retryAt === undefined) throw new Error('the circuit is open')
  expect(Math.abs(admission.retryAt - off - Date.now() - 60_000)).toBeLessThan(10_000)
})

/** Returns two adapters that share tables on a server whose clock can be set. */
async function onServerWithClock() {
  const [schema, clock] = [newSchema(), newSchema()]
  await opens(schema)
  await admin.query(`CREATE SCHEMA "${clock}"; CREATE TABLE "${clock}".off (ms float8); INSERT INTO "${clock}".off VALUES (0);
    CREATE FUNCTION "${clock}".now() RETURNS timestamptz LANGUAGE sql VOLATILE
    RETURN pg_catalog.clock_timestamp() + (SELECT ms * interval '1 ms' FROM "${clock}".off)`)
  const adapter = () => rewritten(schema, (sql) => sql.replaceAll('clock_timestamp()', `"${clock}".now()`))
  const set = (ms: number) => admin.query(`UPDATE "${clock}".off SET ms = ${ms}`)
  return { holder: await adapter(), other: await adapter(), schema, set }
}

test('a server whose clock is set forward ends leases early, and the late holder gets an error and writes nothing', async () => {
  const { holder, other, set } = await onServerWithClock()
  const lock = await holder.acquire('job', 60_000)
  const claim = await holder.idempotency.claim('pay', { lease: 60_000 })
  if (lock === null || claim.state !== 'claimed') throw new Error('both are free')
  await holder.cache.set('k', 1, 60_000)
  await set(HOUR)
  const next = await other.acquire('job', 60_000)
  expect(next?.token).toBeGreaterThan(lock.token)
  expect(await lock.isValid()).toBe(false)
  expect(await lock.extend(60_000)).toBe(false)
  await expect(holder.fenced(lock, [{ sql: 'SELECT 1' }])).rejects.toMatchObject({ code: 'LOCK_LOST' })
  expect(await lock.release()).toBe(false)
  expect((await other.idempotency.claim('pay', { lease: 60_000 })).state).toBe('claimed')
  expect(await claim.complete('late')).toMatchObject({ recorded: false, current: { state: 'running' } })
  expect(await other.cache.get('k')).toBeNull()
  // The next holder keeps what it has when the clock is set right again.
  await set(0)
  expect(await holder.acquire('job', 60_000)).toBeNull()
  expect(await next?.release()).toBe(true)
  expect((await holder.verify()).faults).toEqual([])
})

test('a server whose clock is set back ends no lease', async () => {
  const { holder, other, set } = await onServerWithClock()
  const lock = await holder.acquire('job', 60_000)
  const claim = await holder.idempotency.claim('pay', { lease: 60_000 })
  if (lock === null || claim.state !== 'claimed') throw new Error('both are free')
  await holder.cache.set('k', 1, 60_000)
  await set(-HOUR)
  expect(await other.acquire('job', 60_000)).toBeNull()
  expect((await other.idempotency.claim('pay', { lease: 60_000 })).state).toBe('running')
  expect(await lock.extend(60_000)).toBe(true)
  await holder.fenced(lock, [{ sql: 'SELECT 1' }])
  expect(await claim.complete('done')).toMatchObject({ recorded: true })
  expect(await lock.release()).toBe(true)
  expect((await other.acquire('job', 60_000))?.token).toBeGreaterThan(lock.token)
  expect(await other.cache.get('k')).toBe(1)
  expect((await holder.verify()).faults).toEqual([])
})

test('a server whose clock is set back and then forward ends no lease that began meanwhile', async () => {
  const { holder, other, schema, set } = await onServerWithClock()
  const lock = await holder.acquire('job', 60_000)
  const mine = await holder.acquire('mine', 60_000, 'holder')
  const claim = await holder.idempotency.claim('pay', { lease: 60_000 })
  if (lock === null || mine === null || claim.state !== 'claimed') throw new Error('all are free')
  await set(-60_000)
  expect(await lock.extend(60_000)).toBe(true)
  expect(await holder.acquire('mine', 60_000, 'holder')).not.toBeNull()
  expect(await claim.renew()).toBe(true)
  // The holder counts this from the answer to its call.
  const { rows } = await admin.query(`SELECT max(expires_at - marked_at) AS lease FROM "${schema}".locks`)
  expect(rows).toEqual([{ lease: 60_000 }])
  await set(30_000)
  expect(await other.acquire('job', 60_000)).toBeNull()
  expect(await other.acquire('mine', 60_000)).toBeNull()
  expect((await other.idempotency.claim('pay', { lease: 60_000 })).state).toBe('running')
  expect((await holder.verify()).faults).toEqual([])
})

test('a lease that is renewed while its fenced waits lasts, also when the earlier lease is over', async () => {
  const { holder, schema, set } = await onServerWithClock()
  const lock = await holder.acquire('job', 60_000, 'holder')
  if (lock === null) throw new Error('the lock is free')
  const client = await admin.connect()
  try {
    const again = track(new PostgresAdapter(client, { schema, durability: 'process', closeOnDisconnect: false }))
    await again.connect()
    await client.query('BEGIN')
    // Takes the turn until the transaction ends.
    await again.acquire('job', 60_000, 'holder')
    const fenced = holder.fenced(lock, [{ sql: 'SELECT 1' }])
    await eventually(() => waitingStatement(`lock_shared%${schema}`))
    await again.extend('job', 2 * HOUR, 'holder')
    await set(HOUR)
    await client.query('COMMIT')
    await fenced
    expect(lock.signal.aborted).toBe(false)
  } finally {
    client.release(true)
  }
})

/** Returns an adapter on a server whose clock moves by 1 ms each time a statement reads it, and a function that sets it. */
async function onServerWhoseClockTicks(schema: string) {
  const clock = newSchema()
  await admin.query(`CREATE SCHEMA "${clock}"; CREATE SEQUENCE "${clock}".ms;
    CREATE FUNCTION "${clock}".now() RETURNS timestamptz LANGUAGE sql VOLATILE
    RETURN to_timestamp((nextval('"${clock}".ms') + 0.5) / 1000)`)
  const adapter = await rewritten(schema, (sql) => sql.replaceAll('clock_timestamp()', `"${clock}".now()`))
  return { adapter, set: (ms: number) => admin.query(`SELECT setval('"${clock}".ms', ${ms})`) }
}

test.each([
  ['alone', 1],
  ['together', 2],
])(
  'a lease that ends while its owner acquires the lock again (%s) keeps its token and its holds, or neither',
  async (_, locks) => {
    const schema = newSchema()
    const { adapter, set } = await onServerWhoseClockTicks(schema)
    const outcomes = new Set<string>()
    // The lease ends at each of the times that the statement of the second grant reads.
    for (let left = 1; left <= 16; left++) {
      await set(left * 1_000_000)
      const keys = Array.from({ length: locks }, (_, at) => `job ${left} ${at}`)
      const acquire = () => Promise.all(keys.map((key) => adapter.acquire(key, 1_000, 'me')))
      const first = await acquire()
      const stored = `SELECT token::float8, holds, expires_at FROM "${schema}".locks WHERE key LIKE $1`
      const { rows: before } = await admin.query(stored, [`%job ${left} 0`])
      await set(before[0].expires_at - left)
      const second = await acquire()
      const { rows: after } = await admin.query(stored, [`%job ${left} 0`])
      const kept = second[0]?.token === first[0]?.token
      expect({ left, ...after[0] }).toMatchObject({ left, token: second[0]?.token, holds: kept ? 2 : 1 })
      outcomes.add(kept ? 'kept' : 'ended')
    }
    expect(outcomes.size).toBe(2)
  },
)
