import { PostgresAdapter } from '@go-go-scope/persistence-postgres'
import { expect, test } from 'vitest'
import { proveCell } from '../postgres/cell.js'
import { admin, disconnectAfterEach, eventually, newSchema, opens, rewritten, track } from './server-adapters.js'

disconnectAfterEach()

proveCell()

const KEYS = Array.from({ length: 20 }, (_, index) => `k${String(index).padStart(2, '0')}`)
const LEASE_MS = 60_000

type Write = (adapter: PostgresAdapter, keys: readonly string[]) => Promise<unknown>

const each =
  (write: (adapter: PostgresAdapter, key: string) => Promise<unknown>): Write =>
  (adapter, keys) =>
    Promise.all(keys.map((key) => write(adapter, key)))

const acquire = each((adapter, key) => adapter.acquire(key, LEASE_MS))
const set = each(({ cache }, key) => cache.set(key, 1))
const store = each(({ idempotency }, key) => idempotency.set(key, 1))
const claim = each(({ idempotency }, key) => idempotency.claim(key, { lease: LEASE_MS }))
const fail = each((adapter, key) => adapter.recordFailure(key, 1_000))

/** Returns a write that releases what its adapter has acquired, under an owner that others have too or under its own ones. */
function releaseOf(owner?: string): { before: Write; write: Write } {
  const held = new Map<PostgresAdapter, (key: string) => Promise<unknown>>()
  return {
    async before(adapter, keys) {
      const locks = await Promise.all(
        keys.map(async (key) => [key, await adapter.acquire(key, LEASE_MS, owner)] as const),
      )
      const byKey = new Map(locks)
      held.set(adapter, async (key) => byKey.get(key)?.release())
    },
    write: each(async (adapter, key) => held.get(adapter)?.(key)),
  }
}

/** Two writers, the table whose rows they lock, and what each does before. */
interface Crossing {
  readonly table: string
  readonly before?: Write
  readonly one: Write
  readonly other?: Write
}

function releasing(owner: string | undefined, other?: Write): Crossing {
  const { before, write } = releaseOf(owner)
  return { table: 'locks', before, one: write, ...(other && { other }) }
}

const CROSSINGS: Readonly<Record<string, Crossing>> = {
  'acquire and acquire': { table: 'locks', one: each((adapter, key) => adapter.acquire(key, LEASE_MS, 'both')) },
  'release and release': releasing('both'),
  'release and acquire': releasing(undefined, acquire),
  'set and set': { table: 'cache', before: set, one: set },
  'set and setMany': {
    table: 'cache',
    before: set,
    one: set,
    other: ({ cache }, keys) => cache.setMany(keys.map((key) => [key, 1])),
  },
  'set and delete': { table: 'cache', before: set, one: set, other: each(({ cache }, key) => cache.delete(key)) },
  'delete and delete': { table: 'cache', before: set, one: each(({ cache }, key) => cache.delete(key)) },
  results: {
    table: 'idempotency',
    before: store,
    one: store,
    other: each(({ idempotency }, key) => idempotency.delete(key)),
  },
  'waits for claims': {
    table: 'idempotency',
    before: claim,
    one: each(({ idempotency }, key) =>
      idempotency.claim(key, { lease: LEASE_MS, wait: 1_000 }).catch(() => undefined),
    ),
  },
  'failures and failures': { table: 'circuit', before: fail, one: fail },
  'failures and successes': {
    table: 'circuit',
    before: fail,
    one: fail,
    other: each(({ circuitBreaker }, key) => circuitBreaker.recordSuccess(key)),
  },
}

async function deadlocks(): Promise<number> {
  const { rows } = await admin.query('SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()')
  return rows[0].deadlocks
}

// A third transaction has the row in the middle. So each writer has its first half when it waits, and wants what the other has.
test.each(Object.entries(CROSSINGS))(
  'writers of the same keys in opposite orders do not deadlock: %s',
  async (_, { table, before, one, other = one }) => {
    const schema = newSchema()
    // Our limit would end the wait before the server looks for a deadlock.
    const patient = (sql: string): string => sql.replaceAll("'lock_timeout', '50ms'", "'deadlock_timeout', '10ms'")
    const [first, second] = await Promise.all([rewritten(schema, patient), rewritten(schema, patient)])
    await before?.(first, KEYS)
    await before?.(second, KEYS)
    const known = await deadlocks()
    const gate = await admin.connect()
    try {
      const middle = track(new PostgresAdapter(gate, { schema, durability: 'process', closeOnDisconnect: false }))
      await middle.connect()
      await gate.query('BEGIN')
      // Takes the turn of the lock too. Those who want a lock that is held do not wait for its turn.
      if (before === undefined) await middle.acquire('k10', LEASE_MS, 'both')
      await gate.query(`SELECT 1 FROM "${schema}".${table} WHERE key LIKE '%k10' FOR UPDATE`)
      const writes = [one(first, KEYS), other(second, KEYS.toReversed())]
      const waiting = `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%"${schema}"%' AND pid <> pg_backend_pid()`
      await eventually(async () => ((await admin.query(waiting)).rows.length > 1 ? true : undefined))
      await gate.query('COMMIT')
      await Promise.all(writes)
    } finally {
      gate.release(true)
    }
    // The server adds up what a session counted when it ends.
    await Promise.all([first.disconnect(), second.disconnect()])
    await eventually(async () => {
      const { rows } = await admin.query(
        'SELECT 1 FROM pg_stat_activity WHERE query LIKE $1 AND pid <> pg_backend_pid()',
        [`%"${schema}"%`],
      )
      return rows.length === 0 ? true : undefined
    })
    expect(await deadlocks()).toBe(known)
  },
)

test('failures counted by many connections are counted exactly, each with a number of its own', async () => {
  const schema = newSchema()
  const adapters = await Promise.all(Array.from({ length: 8 }, () => opens(schema)))
  const counts = await Promise.all(
    adapters.flatMap((adapter) => Array.from({ length: 40 }, () => adapter.recordFailure('api', 1_000))),
  )
  expect(counts.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 320 }, (_, index) => index + 1))
})

test('one of many claimants runs each key, and the others get its result', async () => {
  const schema = newSchema()
  const adapters = await Promise.all(Array.from({ length: 6 }, () => opens(schema)))
  const runs = new Map<string, number>()
  const run = async (at: number, key: string): Promise<unknown> => {
    const claim = await adapters[at]?.idempotency.claim<number>(key, { lease: 60_000, wait: 20_000 })
    if (claim?.state === 'completed') return claim.value
    if (claim?.state !== 'claimed') throw new Error(`${key} is ${claim?.state}`)
    runs.set(key, (runs.get(key) ?? 0) + 1)
    await claim.complete(at)
    return at
  }
  const keys = Array.from({ length: 150 }, (_, index) => `job-${index}`)
  const answers = await Promise.all(keys.map((key) => Promise.all(adapters.map((_, at) => run(at, key)))))
  for (const values of answers) expect(new Set(values).size).toBe(1)
  expect([...runs.values()]).toEqual(Array.from({ length: 150 }, () => 1))
})

test('pruning that has to wait delays no other call', async () => {
  const schema = newSchema()
  const adapter = await opens(schema)
  await adapter.cache.set('k', 1)
  await adapter.cache.set('old', 1, 1)
  const client = await admin.connect()
  try {
    await client.query(`BEGIN; LOCK TABLE "${schema}".cache IN SHARE MODE`)
    const pruning = adapter.prune()
    await eventually(async () => {
      const { rows } = await admin.query(
        "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE $1",
        [`DELETE FROM "${schema}".cache%`],
      )
      return rows.length > 0 ? true : undefined
    })
    expect(await adapter.cache.get('k')).toBe(1)
    await client.query('COMMIT')
    expect(await pruning).toEqual({ cache: 1, idempotency: 0 })
  } finally {
    client.release(true)
  }
})
