import type { PostgresAdapter } from '@go-go-scope/persistence-postgres'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { proveCell } from '../postgres/cell.js'
import { serverUrl } from '../postgres/server/places.mjs'
import { admin, disconnectAfterEach, eventually, newSchema, opens, rewritten } from './server-adapters.js'
import { swallowingProxy } from './swallowing-proxy.mjs'

disconnectAfterEach()

proveCell()

const LEASE = { lease: 60_000 }
const AN_HOUR = 3_600_000

async function claimed(adapter: PostgresAdapter, key: string) {
  const claim = await adapter.idempotency.claim<string>(key, LEASE)
  if (claim.state !== 'claimed') throw new Error('the key is free')
  return claim
}

/** Settles when a caller waits for the end of the claim. */
function awaited(schema: string): Promise<true> {
  return eventually(async () => {
    const { rows } = await admin.query(`SELECT 1 FROM "${schema}".idempotency WHERE waiting`)
    return rows.length > 0 ? true : undefined
  })
}

function named(url: string, name: string): string {
  const result = new URL(url)
  result.searchParams.set('application_name', name)
  return result.href
}

async function connectionsOf(name: string): Promise<number[]> {
  const { rows } = await admin.query(
    `SELECT pid FROM pg_stat_activity WHERE application_name = $1 AND query LIKE 'LISTEN%'`,
    [name],
  )
  return rows.map(({ pid }) => pid)
}

test('a waiter is notified of the end of a claim with three statements, however long it waits', async () => {
  const schema = newSchema()
  const holder = await opens(schema)
  const asked: string[] = []
  const counted = (sql: string): string => {
    if (sql.includes('.idempotency')) asked.push(sql)
    return sql
  }
  // Without timers the waiter does not poll: it is notified, or it waits forever.
  const clock = { now: () => Date.now(), monotonic: () => performance.now(), setTimer: () => () => undefined }
  const waiter = await rewritten(schema, counted, { clock })
  for (const [key, end] of [
    ['first', 'complete'],
    ['second', 'complete'],
    ['third', 'set'],
  ] as const) {
    const claim = await claimed(holder, key)
    asked.length = 0
    const waiting = waiter.idempotency.claim(key, { ...LEASE, wait: 20_000 })
    await awaited(schema)
    if (end === 'complete') await claim.complete('done')
    else await holder.idempotency.set(key, 'done')
    expect(await waiting).toMatchObject({ state: 'completed', value: 'done' })
    expect(asked.length, key).toBeLessThanOrEqual(3)
    await admin.query(`UPDATE "${schema}".idempotency SET waiting = false`)
  }
})

test('of many waiters one gets the key of a failed claim, and the others its result', async () => {
  const schema = newSchema()
  const holder = await opens(schema)
  const waiters = await Promise.all([1, 2, 3].map(() => opens(schema)))
  const claim = await claimed(holder, 'job')
  const states = waiters.map(async (waiter) => {
    const next = await waiter.idempotency.claim<string>('job', { ...LEASE, wait: 20_000 })
    if (next.state === 'claimed') await next.complete('done')
    return next.state
  })
  await awaited(schema)
  await claim.fail(new Error('no'))
  expect((await Promise.all(states)).toSorted()).toEqual(['claimed', 'completed', 'completed'])
})

test('a change of state is notified to subscribers, whichever call makes it', async () => {
  const schema = newSchema()
  // Polling alone would find the change after an hour.
  const listener = await opens(schema, { watchInterval: AN_HOUR })
  const other = await opens(schema)
  const breaker = other.circuitBreaker
  const heard: string[] = []
  listener.subscribe('api', ({ state }) => heard.push(state))
  await eventually(async () => ((await listener.stats()).notifications === 'active' ? true : undefined))
  const turns = async (change: () => Promise<unknown>, to: string): Promise<void> => {
    const before = heard.length
    await change()
    await eventually(async () => (heard.length > before ? true : undefined))
    expect(heard.slice(before)).toEqual([to])
  }
  const options = { resetTimeout: 1, probes: 1, lease: 60_000 }
  const probe = () =>
    eventually(async () => {
      const admission = await breaker.admit('api', options)
      return admission.admitted ? admission.permit : undefined
    })
  const heardLast = (state: string) => eventually(async () => (heard.at(-1) === state ? true : undefined))
  await turns(() => other.recordFailure('api', 1), 'open')
  await turns(() => breaker.reset('api'), 'closed')
  await turns(() => breaker.isolate('api'), 'open')
  await turns(() => other.setState('api', { state: 'closed', failureCount: 0 }), 'closed')
  await turns(() => Promise.all([1, 2].map(() => other.recordFailure('api', 2))), 'open')
  const failing = await probe()
  await heardLast('half-open')
  await turns(() => breaker.failed(failing), 'open')
  const succeeding = await probe()
  await heardLast('half-open')
  await turns(() => breaker.succeeded(succeeding), 'closed')
  const closed = await probe()
  await turns(() => breaker.failed(closed, 1), 'open')
  await turns(() => other.circuitBreaker.recordSuccess('api'), 'closed')
})

test('without waiters no notification is sent, nor while the queue of the server is half full', async () => {
  const schema = newSchema()
  const adapter = await opens(schema)
  const full = await rewritten(schema, (sql) => sql.replaceAll('pg_notification_queue_usage()', '0.5::float8'))
  const told: string[] = []
  const ear = new pg.Client({ connectionString: serverUrl() })
  await ear.connect()
  ear.on('notification', ({ payload = '' }) => told.push(payload))
  await ear.query(`LISTEN "${schema}"`)
  try {
    await Promise.all(Array.from({ length: 20 }, () => adapter.recordFailure('api', 1_000)))
    await adapter.recordFailure('api', 1_000)
    await adapter.circuitBreaker.recordSuccess('api')
    await (await claimed(adapter, 'job')).complete('done')
    await (await claimed(adapter, 'other')).fail(new Error('no'))
    await adapter.idempotency.set('third', 1)
    await adapter.cache.set('k', 1)
    await (await adapter.acquire('lock', 60_000))?.release()
    await full.recordFailure('other', 1)
    await adapter.recordFailure('api', 1)
    await eventually(async () => (told.length > 0 ? true : undefined))
    expect(told).toEqual([expect.stringMatching(/^circuit .*api$/)])
  } finally {
    await ear.end()
  }
})

test('a connection listens only while a caller waits', async () => {
  const schema = newSchema()
  const adapter = await opens(schema, {}, named(serverUrl(), schema))
  const claim = await claimed(adapter, 'job')
  expect(await connectionsOf(schema)).toEqual([])
  expect((await adapter.stats()).notifications).toBe('none')
  const unsubscribe = adapter.subscribe('api', () => undefined)
  await eventually(async () => ((await connectionsOf(schema)).length === 1 ? true : undefined))
  const waiting = adapter.idempotency.claim('job', { ...LEASE, wait: 20_000 })
  await awaited(schema)
  expect((await adapter.stats()).notifications).toBe('active')
  await claim.complete('done')
  await waiting
  expect(await connectionsOf(schema)).toHaveLength(1)
  unsubscribe()
  await eventually(async () => ((await connectionsOf(schema)).length === 0 ? true : undefined))
  expect((await adapter.stats()).notifications).toBe('none')
})

test('when the listening connection ends, another one is opened, and missed changes are polled', async () => {
  const schema = newSchema()
  const listener = await opens(schema, { watchInterval: AN_HOUR }, named(serverUrl(), schema))
  const other = await opens(schema)
  const heard: string[] = []
  listener.subscribe('api', ({ state }) => heard.push(state))
  const [pid] = await eventually(async () => {
    const pids = await connectionsOf(schema)
    return pids.length === 1 && (await listener.stats()).notifications === 'active' ? pids : undefined
  })
  const gone = admin.query('SELECT pg_terminate_backend($1)', [pid])
  await other.recordFailure('api', 1)
  await gone
  await eventually(async () => (heard.length === 1 ? true : undefined))
  await eventually(async () => ((await listener.stats()).notifications === 'active' ? true : undefined))
  await other.circuitBreaker.recordSuccess('api')
  await eventually(async () => (heard.length === 2 ? true : undefined))
  expect(heard).toEqual(['open', 'closed'])
})

describe('behind a pooler that drops notifications', () => {
  let pooler: Awaited<ReturnType<typeof swallowingProxy>>
  beforeAll(async () => {
    pooler = await swallowingProxy(serverUrl())
  })
  afterAll(() => pooler.close())

  test.each([
    ['by looking', undefined, 'polling'],
    ['by looking, where nothing is to be listened to', false, 'polling'],
    ['by news from a direct connection', serverUrl(), 'active'],
  ] as const)('changes are found %s', async (_, newsUrl, expected) => {
    const schema = newSchema()
    const holder = await opens(schema)
    const waiter = await opens(schema, { watchInterval: 10, ...(newsUrl !== undefined && { newsUrl }) }, pooler.url)
    const heard: string[] = []
    waiter.subscribe('api', ({ state }) => heard.push(state))
    const claim = await claimed(holder, 'job')
    const waiting = waiter.idempotency.claim('job', { ...LEASE, wait: 20_000 })
    await eventually(async () => ((await waiter.stats()).notifications === expected ? true : undefined))
    await claim.complete('done')
    expect(await waiting).toMatchObject({ state: 'completed' })
    await holder.recordFailure('api', 1)
    await eventually(async () => (heard.length === 1 ? true : undefined))
    // If another notification came, it would come within a second.
    await new Promise((resolve) => setTimeout(resolve, 1_200))
    expect((await waiter.stats()).notifications).toBe(expected)
  })
})
