import type { SqliteAdapter, SqlLockHandle } from '@go-go-scope/persistence-core'

/** One public call on a database that {@link prepareContent} prepared. */
export interface Operation {
  readonly name: string
  /** Preparation for this call only. */
  readonly before?: (adapter: SqliteAdapter, run: number) => Promise<unknown>
  readonly call: (adapter: SqliteAdapter, subject: never) => Promise<unknown>
  /** The result of a call that does not reject when a statement fails. */
  readonly whenRefused?: unknown
}

const HOUR_MS = 3_600_000
const checkpoint = (sequence: number) => ({
  id: `c${sequence}`,
  taskId: 'task',
  sequence,
  timestamp: 1,
  progress: 0,
  data: { sequence },
})

/** Stores rows for the calls. */
export async function prepareContent(adapter: SqliteAdapter): Promise<void> {
  await adapter.cache.setMany([
    ['a', 1],
    ['b', 2],
    ['c', 3],
  ])
  await adapter.cache.set('expiring', 1, HOUR_MS)
  await adapter.idempotency.set('done', 'result')
  await adapter.idempotency.set('other', 'result', HOUR_MS)
  for (const sequence of [1, 2, 3]) await adapter.checkpoint.save(checkpoint(sequence))
  await adapter.recordFailure('api', 3)
  await adapter.circuitBreaker.setState('down', { state: 'open', failureCount: 3, lastFailureTime: 1 })
}

/** Acquires a lock with a name that is unique per run, because this process remembers its locks. */
const taken = async (adapter: SqliteAdapter, run: number) => adapter.lock.acquire(`job-${run}`, HOUR_MS, 'me')
const claimed = async (adapter: SqliteAdapter) => {
  const claim = await adapter.idempotency.claim('claimed', { lease: HOUR_MS })
  if (claim.state !== 'claimed') throw new Error(`the key is ${claim.state}`)
  return claim
}

type Claimed = Awaited<ReturnType<typeof claimed>>

const claimedToKeep = async (adapter: SqliteAdapter) => {
  const options = { lease: HOUR_MS, fingerprint: 'request', onFailure: 'keep' } as const
  const claim = await adapter.idempotency.claim('claimed', options)
  if (claim.state !== 'claimed') throw new Error(`the key is ${claim.state}`)
  return claim
}
const admittedTo = (circuit: string) => async (adapter: SqliteAdapter) => {
  const admission = await adapter.circuitBreaker.admit(circuit, { resetTimeout: 0, lease: HOUR_MS })
  if (!admission.admitted) throw new Error(`the circuit is ${admission.state}`)
  return admission.permit
}

type Permit = Awaited<ReturnType<ReturnType<typeof admittedTo>>>

export const OPERATIONS: readonly Operation[] = [
  { name: 'cache.get', call: ({ cache }) => cache.get('a') },
  { name: 'cache.set', call: ({ cache }) => cache.set('new', 1) },
  { name: 'cache.set over', call: ({ cache }) => cache.set('a', 2, HOUR_MS) },
  { name: 'cache.has', call: ({ cache }) => cache.has('a') },
  { name: 'cache.delete', call: ({ cache }) => cache.delete('a') },
  { name: 'cache.keys', call: async ({ cache }) => (await cache.keys('*')).toSorted() },
  { name: 'cache.clear', call: ({ cache }) => cache.clear() },
  { name: 'cache.getMany', call: async ({ cache }) => [...(await cache.getMany(['a', 'b', 'none']))] },
  {
    name: 'cache.setMany',
    call: ({ cache }) =>
      cache.setMany([
        ['a', 5],
        ['new', 6],
      ]),
  },
  { name: 'cache.deleteMany', call: ({ cache }) => cache.deleteMany(['a', 'b']) },
  { name: 'cache.getOrSet', call: ({ cache }) => cache.getOrSet('loaded', async () => 7) },
  { name: 'cache.prune', call: ({ cache }) => cache.prune() },
  { name: 'cache.stats', call: async ({ cache }) => (await cache.stats()).size },
  { name: 'idempotency.get', call: ({ idempotency }) => idempotency.get('done') },
  { name: 'idempotency.set', call: ({ idempotency }) => idempotency.set('new', 1, HOUR_MS) },
  { name: 'idempotency.delete', call: ({ idempotency }) => idempotency.delete('done') },
  { name: 'idempotency.prune', call: ({ idempotency }) => idempotency.prune() },
  {
    name: 'idempotency.claim',
    call: async ({ idempotency }) => (await idempotency.claim('claimed', { lease: HOUR_MS })).state,
  },
  {
    name: 'idempotency.claim of a result',
    call: async ({ idempotency }) => (await idempotency.claim('done', { lease: HOUR_MS })).state,
  },
  { name: 'claim.complete', before: claimed, call: (_, claim: Claimed) => claim.complete('value') },
  { name: 'claim.fail', before: claimed, call: (_, claim: Claimed) => claim.fail(new Error('no')) },
  {
    name: 'claim.complete with a fingerprint',
    before: claimedToKeep,
    call: (_, claim: Claimed) => claim.complete('value'),
  },
  { name: 'claim.fail that is kept', before: claimedToKeep, call: (_, claim: Claimed) => claim.fail('no') },
  {
    name: 'idempotency.freeClaim',
    before: claimed,
    call: ({ idempotency }, claim: Claimed) => idempotency.freeClaim('claimed', claim.generation),
  },
  { name: 'claim.renew', before: claimed, call: (_, claim: Claimed) => claim.renew(2 * HOUR_MS), whenRefused: false },
  { name: 'checkpoint.save', call: ({ checkpoint: port }) => port.save(checkpoint(4)) },
  { name: 'checkpoint.load', call: ({ checkpoint: port }) => port.load('c1') },
  { name: 'checkpoint.loadLatest', call: ({ checkpoint: port }) => port.loadLatest('task') },
  { name: 'checkpoint.list', call: ({ checkpoint: port }) => port.list('task') },
  { name: 'checkpoint.cleanup', call: ({ checkpoint: port }) => port.cleanup('task', 1) },
  { name: 'checkpoint.deleteAll', call: ({ checkpoint: port }) => port.deleteAll('task') },
  { name: 'circuitBreaker.getState', call: ({ circuitBreaker }) => circuitBreaker.getState('api') },
  {
    name: 'circuitBreaker.setState',
    call: ({ circuitBreaker }) => circuitBreaker.setState('api', { state: 'open', failureCount: 9 }),
  },
  { name: 'circuitBreaker.recordFailure', call: ({ circuitBreaker }) => circuitBreaker.recordFailure('api', 2) },
  { name: 'circuitBreaker.recordSuccess', call: ({ circuitBreaker }) => circuitBreaker.recordSuccess('api') },
  {
    name: 'circuitBreaker.admit',
    call: async ({ circuitBreaker }) => (await circuitBreaker.admit('down', { resetTimeout: 0 })).admitted,
  },
  {
    name: 'circuitBreaker.succeeded',
    before: admittedTo('api'),
    call: ({ circuitBreaker }, permit: Permit) => circuitBreaker.succeeded(permit),
  },
  {
    name: 'circuitBreaker.failed',
    before: admittedTo('api'),
    call: ({ circuitBreaker }, permit: Permit) => circuitBreaker.failed(permit, 2),
  },
  {
    name: 'circuitBreaker.succeeded of a probe',
    before: admittedTo('down'),
    call: ({ circuitBreaker }, permit: Permit) => circuitBreaker.succeeded(permit),
  },
  {
    name: 'circuitBreaker.failed of a probe',
    before: admittedTo('down'),
    call: ({ circuitBreaker }, permit: Permit) => circuitBreaker.failed(permit),
  },
  {
    name: 'circuitBreaker.withdrawn',
    before: admittedTo('down'),
    call: ({ circuitBreaker }, permit: Permit) => circuitBreaker.withdrawn(permit),
  },
  { name: 'circuitBreaker.run', call: ({ circuitBreaker }) => circuitBreaker.run('unknown', async () => 'value') },
  { name: 'circuitBreaker.isolate', call: ({ circuitBreaker }) => circuitBreaker.isolate('api') },
  { name: 'circuitBreaker.reset', call: ({ circuitBreaker }) => circuitBreaker.reset('down') },
  {
    name: 'lock.acquire',
    call: async ({ lock }) => (await lock.acquire('job', HOUR_MS, 'me')) !== null,
  },
  {
    name: 'lock.acquire of a lock that is held',
    before: ({ lock }) => lock.acquire('job', HOUR_MS, 'another'),
    call: async ({ lock }) => (await lock.acquire('job', HOUR_MS, 'me')) !== null,
  },
  {
    name: 'lock.hold',
    call: async ({ lock }) => (await lock.hold('held', { ttl: HOUR_MS, owner: 'me' })) !== null,
  },
  {
    name: 'lock.extend by its owner',
    before: taken,
    call: ({ lock }, handle: SqlLockHandle) => lock.extend(handle.key, 1, 'me'),
    whenRefused: false,
  },
  { name: 'lock.release', before: taken, call: (_, handle: SqlLockHandle) => handle.release() },
  { name: 'lock.isValid', before: taken, call: (_, handle: SqlLockHandle) => handle.isValid(), whenRefused: false },
  { name: 'lock.extend', before: taken, call: (_, handle: SqlLockHandle) => handle.extend(1), whenRefused: false },
  {
    name: 'lock.forceRelease',
    before: taken,
    call: ({ lock }, handle: SqlLockHandle) => lock.forceRelease(handle.key),
  },
  { name: 'prune', call: (adapter) => adapter.prune() },
  { name: 'stats', call: async (adapter) => typeof (await adapter.stats()).fileBytes },
  {
    name: 'fenced',
    before: taken,
    call: (adapter, handle: SqlLockHandle) =>
      adapter.fenced(handle, [
        { sql: 'DELETE FROM go_goscope_checkpoints' },
        { sql: 'DELETE FROM go_goscope_idempotency' },
      ]),
  },
]
