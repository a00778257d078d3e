import { type Permit, PersistenceError, type PostgresAdapter } from '@go-go-scope/persistence-postgres'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { proveCell } from '../postgres/cell.js'
import { serverUrl } from '../postgres/server/places.mjs'
import { proofCount } from '../proof/proof-count.js'
import { type CuttingProxy, cuttingProxy } from './cutting-proxy.mjs'
import { admin, disconnectAfterEach, newSchema, opens, rewritten } from './server-adapters.js'

disconnectAfterEach()

proveCell()

/** One call whose answer is lost, and what must hold whatever its outcome. */
interface Lost {
  readonly name: string
  /** @returns an argument for the call. */
  prepare?(adapter: PostgresAdapter, key: string, schema: string): Promise<unknown>
  call(adapter: PostgresAdapter, key: string, given: never): Promise<unknown>
  /** @param outcome the result of the call; a `PersistenceError` if it rejected */
  check(outcome: unknown, key: string, schema: string): Promise<void>
}

let proxy: CuttingProxy
beforeAll(async () => {
  proxy = await cuttingProxy(serverUrl())
})
afterAll(() => proxy.close())

async function row(sql: string, key: string): Promise<Record<string, unknown>> {
  return (await admin.query(sql, [`%${key}`])).rows[0] ?? {}
}

const LOST: readonly Lost[] = [
  {
    name: 'set',
    call: (adapter, key) => adapter.cache.set(key, 'value'),
    async check(outcome, key, schema) {
      expect(outcome).toBeUndefined()
      expect(await row(`SELECT value FROM "${schema}".cache WHERE key LIKE $1`, key)).toEqual({ value: '"value"' })
    },
  },
  {
    name: 'acquire',
    call: (adapter, key) => adapter.acquire(key, 60_000),
    async check(outcome, key, schema) {
      const handle = outcome as { token: number; release(): Promise<boolean> }
      const stored = await row(`SELECT token::float8, holds FROM "${schema}".locks WHERE key LIKE $1`, key)
      expect(stored).toEqual({ token: handle.token, holds: 1 })
      expect(await handle.release()).toBe(true)
    },
  },
  {
    name: 'release',
    prepare: (adapter, key) => adapter.acquire(key, 60_000),
    call: (_adapter, _key, handle: { release(): Promise<unknown> }) => handle.release(),
    async check(outcome, key, schema) {
      expect(outcome).toBe(true)
      expect(await row(`SELECT holds FROM "${schema}".locks WHERE key LIKE $1`, key)).toEqual({ holds: 0 })
    },
  },
  {
    name: 'release, while another process has two holds of the same owner',
    async prepare(adapter, key, schema) {
      const handle = await adapter.acquire(key, 60_000)
      const other = await opens(schema)
      for (let holds = 0; holds < 2; holds++) await other.acquire(key, 60_000, handle?.owner)
      await other.disconnect()
      return handle
    },
    call: (_adapter, _key, handle: { release(): Promise<unknown> }) => handle.release(),
    async check(outcome, key, schema) {
      expect(outcome).toBe(true)
      const left = `SELECT abs(holds) AS holds, expires_at > 0 AS held FROM "${schema}".locks WHERE key LIKE $1`
      expect(await row(left, key)).toEqual({ holds: 2, held: true })
    },
  },
  {
    name: 'acquire under an owner of the app’s',
    call: (adapter, key) => adapter.acquire(key, 60_000, 'me'),
    async check(outcome, key, schema) {
      const { holds } = await row(`SELECT holds FROM "${schema}".locks WHERE key LIKE $1`, key)
      if (outcome instanceof PersistenceError) expect(outcome.code).toBe('OUTCOME_UNKNOWN')
      expect(holds ?? 0).toBeLessThanOrEqual(1)
    },
  },
  {
    name: 'release of one of two holds under an owner of the app’s, repeated',
    async prepare(adapter, key) {
      const [handle] = [await adapter.acquire(key, 60_000, 'me'), await adapter.acquire(key, 60_000, 'me')]
      return handle
    },
    async call(_adapter, _key, handle: { release(): Promise<unknown> }) {
      const outcome = await handle.release().catch((error: unknown) => error)
      return [outcome, await handle.release()]
    },
    async check(outcome, key, schema) {
      const [first, second] = outcome as [unknown, unknown]
      if (first !== true) expect(first).toMatchObject({ code: 'OUTCOME_UNKNOWN' })
      expect(second).toBe(false)
      const { holds } = await row(`SELECT holds FROM "${schema}".locks WHERE key LIKE $1`, key)
      expect(holds).toBeGreaterThan(0)
    },
  },
  {
    name: 'recordFailure',
    call: (adapter, key) => adapter.recordFailure(key, 5),
    async check(outcome, key, schema) {
      const { count } = await row(`SELECT failure_count AS count FROM "${schema}".circuit WHERE key LIKE $1`, key)
      if (outcome instanceof PersistenceError) expect(outcome.code).toBe('OUTCOME_UNKNOWN')
      else expect(outcome).toBe(1)
      expect(count ?? 0).toBeLessThanOrEqual(1)
    },
  },
  {
    name: 'claim',
    // Another caller waits for the end of the claim as soon as it is granted.
    prepare: (_adapter, _key, schema) =>
      admin.query(`CREATE OR REPLACE FUNCTION "${schema}".waits() RETURNS trigger LANGUAGE plpgsql
        AS 'BEGIN NEW.waiting := true; RETURN NEW; END';
        CREATE OR REPLACE TRIGGER waits BEFORE INSERT ON "${schema}".idempotency
        FOR EACH ROW EXECUTE FUNCTION "${schema}".waits()`),
    call: (adapter, key) => adapter.idempotency.claim(key, { lease: 60_000 }),
    async check(outcome, key, schema) {
      const claim = outcome as { state: string; generation: number; complete(value: unknown): Promise<unknown> }
      expect(claim.state).toBe('claimed')
      const stored = await row(`SELECT generation::float8, waiting FROM "${schema}".idempotency WHERE key LIKE $1`, key)
      expect(stored).toEqual({ generation: claim.generation, waiting: true })
      expect(await claim.complete(1)).toEqual({ recorded: true })
    },
  },
  {
    name: 'complete',
    prepare: (adapter, key) => adapter.idempotency.claim(key, { lease: 60_000, fingerprint: 'f' }),
    call: (_adapter, _key, claim: { complete(value: unknown): Promise<unknown> }) => claim.complete('done'),
    async check(outcome, key, schema) {
      expect(outcome).toEqual({ recorded: true })
      const stored = await row(`SELECT value, fingerprint FROM "${schema}".idempotency WHERE key LIKE $1`, key)
      expect(stored).toEqual({ value: '"done"', fingerprint: 'f' })
    },
  },
  {
    name: 'fail',
    prepare: (adapter, key) => adapter.idempotency.claim(key, { lease: 60_000 }),
    call: (_adapter, _key, claim: { fail(error: unknown): Promise<unknown> }) => claim.fail(new Error('no')),
    async check(outcome, key, schema) {
      expect(outcome).toEqual({ recorded: true })
      const free = await row(`SELECT claimed_until FROM "${schema}".idempotency WHERE key LIKE $1`, key)
      expect(free.claimed_until).toBe(0)
    },
  },
  {
    name: 'extend',
    prepare: (adapter, key) => adapter.acquire(key, 60_000),
    call: (_adapter, _key, handle: { extend(ttl: number): Promise<boolean> }) => handle.extend(120_000),
    async check(outcome, key, schema) {
      expect(outcome).toBe(true)
      const ends = 'expires_at > extract(epoch FROM clock_timestamp()) * 1000 + 60000'
      const stored = await row(`SELECT holds, ${ends} AS extended FROM "${schema}".locks WHERE key LIKE $1`, key)
      expect(stored).toEqual({ holds: 1, extended: true })
    },
  },
  {
    name: 'admit',
    prepare: (adapter, key) => adapter.recordFailure(key, 1),
    call: (adapter, key) => adapter.circuitBreaker.admit(key, { resetTimeout: 0, lease: 60_000 }),
    async check(outcome, key, schema) {
      expect(outcome).toMatchObject({ admitted: true, state: 'half-open' })
      const { permit } = outcome as { permit: { probe: string } }
      const stored = await row(`SELECT probes -> 0 ->> 0 AS probe FROM "${schema}".circuit WHERE key LIKE $1`, key)
      expect(stored).toEqual({ probe: permit.probe })
    },
  },
  {
    name: 'the report of a probe',
    async prepare(adapter, key) {
      await adapter.recordFailure(key, 1)
      return adapter.circuitBreaker.admit(key, { resetTimeout: 0, lease: 60_000 })
    },
    call: (adapter, _key, { permit }: { permit: Permit }) => adapter.circuitBreaker.succeeded(permit, 2),
    async check(outcome, key, schema) {
      const { successes } = await row(`SELECT successes FROM "${schema}".circuit WHERE key LIKE $1`, key)
      if (outcome instanceof PersistenceError) expect(outcome.code).toBe('OUTCOME_UNKNOWN')
      else expect(successes).toBe(1)
      expect(successes).toBeLessThanOrEqual(1)
    },
  },
  {
    name: 'fenced',
    prepare: (adapter, key) => adapter.acquire(key, 60_000),
    call: (adapter, key, handle) =>
      adapter.fenced(handle, [{ sql: 'INSERT INTO hazard_notes VALUES ($1)', parameters: [key] }]),
    async check(outcome, key) {
      const { count } = await row('SELECT count(*)::int AS count FROM hazard_notes WHERE text LIKE $1', key)
      if (outcome instanceof PersistenceError) expect(outcome.code).toBe('OUTCOME_UNKNOWN')
      else expect(count).toBe(1)
      expect(count).toBeLessThanOrEqual(1)
    },
  },
]

// Each cut is at another byte, until an answer came whole; a soak cuts at every byte.
const STEP = proofCount({ inTests: 23, inSoak: 1 })

test.each(LOST)(
  '$name survives the loss of its answer at any byte',
  async ({ name, prepare, call, check }) => {
    const schema = newSchema()
    const adapter = await opens(schema, {}, proxy.url)
    await admin.query('DROP TABLE IF EXISTS hazard_notes')
    await admin.query('CREATE TABLE hazard_notes (text text)')
    let cuts = 0
    for (let cut = true; cut; cuts++) {
      const key = `${name} ${cuts}.`
      // Connects again after a lost connection, because a cut of what a server says first would lose no answer.
      await adapter.cache.get('connected')
      const given = (await prepare?.(adapter, key, schema)) as never
      proxy.cutAfter(cuts * STEP)
      const outcome = await call(adapter, key, given).catch((error: unknown) => error)
      cut = proxy.cut
      proxy.cutAfter(Number.POSITIVE_INFINITY)
      await check(outcome, key, schema)
    }
    expect(cuts).toBeGreaterThan(2)
  },
  600_000,
)

test('connecting under a new prefix survives the loss of its answer at any byte', async () => {
  const schema = newSchema()
  await opens(schema)
  let cuts = 0
  for (let cut = true; cut; cuts++) {
    proxy.cutAfter(cuts * STEP)
    const adapter = await opens(schema, { keyPrefix: `prefix ${cuts}:` }, proxy.url)
    cut = proxy.cut
    proxy.cutAfter(Number.POSITIVE_INFINITY)
    await adapter.disconnect()
  }
  expect(cuts).toBeGreaterThan(20)
}, 600_000)

test('a call whose answer was lost, and that may be made again, says so', async () => {
  const adapter = await opens(newSchema(), { busyTimeout: 0 }, proxy.url)
  await adapter.cache.set('k', 1)
  proxy.cutAfter(0)
  const error: unknown = await adapter.cache.set('k', 2).catch((reason: unknown) => reason)
  const message = expect.stringMatching(/^cache\.set: .*may have taken effect; call again/)
  expect(error).toMatchObject({ code: 'UNAVAILABLE', retryable: true, message })
  await adapter.cache.set('k', 3)
  expect(await adapter.cache.get('k')).toBe(3)
})

test('a transaction whose BEGIN was not answered runs again', async () => {
  const adapter = await opens(newSchema(), {}, proxy.url)
  const lock = await adapter.acquire('job', 60_000)
  if (lock === null) throw new Error('the lock is free')
  const fenced = () => adapter.fenced(lock, [{ sql: 'SELECT 1 AS one' }])
  // On the connection for transactions.
  await fenced()
  proxy.cutAfter(0)
  expect(await fenced()).toEqual([[{ one: 1 }]])
  expect(proxy.cut).toBe(true)
})

test('a release that failed after it took effect releases no other hold when it is repeated', async () => {
  const schema = newSchema()
  let fails = true
  const adapter = await rewritten(schema, (sql) =>
    fails && sql.includes('least(lock.holds') ? 'SELECT nonsense' : sql,
  )
  const first = await adapter.acquire('job', 60_000)
  const second = await adapter.acquire('job', 60_000, first?.owner)
  await expect(first?.release()).rejects.toMatchObject({ code: 'SQL' })
  // As the statement leaves the row.
  await admin.query(`UPDATE "${schema}".locks SET holds = least(holds, 1 - holds)`)
  fails = false
  expect(await first?.release()).toBe(true)
  expect(await second?.isValid()).toBe(true)
  expect(await second?.release()).toBe(true)
})
