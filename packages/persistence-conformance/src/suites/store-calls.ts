import type { AdapterUnderTest } from '../engine-under-test.js'

type Call = (adapter: AdapterUnderTest) => Promise<unknown>

/** A checkpoint for tests to which its content does not matter. */
export const SOME_CHECKPOINT = { id: 'c', taskId: 't', sequence: 1, timestamp: 1, progress: 0, data: null }

/** One call of every method that reaches the database or the lock table. */
export const LATE_CALLS: readonly (readonly [name: string, call: Call])[] = [
  ['lock.acquire', ({ lock }) => lock.acquire('k', 100)],
  ['circuitBreaker.getState', ({ circuitBreaker }) => circuitBreaker.getState('k')],
  ['circuitBreaker.setState', ({ circuitBreaker }) => circuitBreaker.setState('k', { state: 'open', failureCount: 1 })],
  ['circuitBreaker.recordFailure', ({ circuitBreaker }) => circuitBreaker.recordFailure('k', 5)],
  ['circuitBreaker.recordSuccess', ({ circuitBreaker }) => circuitBreaker.recordSuccess('k')],
  ['circuitBreaker.admit', ({ circuitBreaker }) => circuitBreaker.admit('k', { resetTimeout: 1 })],
  ['circuitBreaker.succeeded', ({ circuitBreaker }) => circuitBreaker.succeeded({ key: 'k', generation: 0 })],
  ['circuitBreaker.failed', ({ circuitBreaker }) => circuitBreaker.failed({ key: 'k', generation: 0 })],
  ['circuitBreaker.withdrawn', ({ circuitBreaker }) => circuitBreaker.withdrawn({ key: 'k', generation: 0 })],
  ['circuitBreaker.run', ({ circuitBreaker }) => circuitBreaker.run('run', async () => 1)],
  ['circuitBreaker.isolate', ({ circuitBreaker }) => circuitBreaker.isolate('k')],
  ['circuitBreaker.reset', ({ circuitBreaker }) => circuitBreaker.reset('k')],
  ['cache.get', ({ cache }) => cache.get('k')],
  ['cache.set', ({ cache }) => cache.set('k', 1)],
  ['cache.has', ({ cache }) => cache.has('k')],
  ['cache.delete', ({ cache }) => cache.delete('k')],
  ['cache.keys', ({ cache }) => cache.keys()],
  ['cache.clear', ({ cache }) => cache.clear()],
  ['cache.entries', ({ cache }) => cache.entries().next()],
  ['cache.touch', ({ cache }) => cache.touch('k', 1)],
  ['cache.ttl', ({ cache }) => cache.ttl('k')],
  ['cache.getMany', ({ cache }) => cache.getMany(['k'])],
  ['cache.setMany', ({ cache }) => cache.setMany([['k', 1]])],
  ['cache.deleteMany', ({ cache }) => cache.deleteMany(['k'])],
  ['cache.getOrSet', ({ cache }) => cache.getOrSet('k', async () => 1)],
  ['cache.prune', ({ cache }) => cache.prune()],
  ['cache.stats', ({ cache }) => cache.stats()],
  ['idempotency.get', ({ idempotency }) => idempotency.get('k')],
  ['idempotency.set', ({ idempotency }) => idempotency.set('k', 1)],
  ['idempotency.delete', ({ idempotency }) => idempotency.delete('k')],
  ['idempotency.claim', ({ idempotency }) => idempotency.claim('k', { lease: 100 })],
  ['idempotency.once', ({ idempotency }) => idempotency.once('once', async () => 1)],
  ['idempotency.freeClaim', ({ idempotency }) => idempotency.freeClaim('k', 1)],
  ['idempotency.prune', ({ idempotency }) => idempotency.prune()],
  ['checkpoint.save', ({ checkpoint }) => checkpoint.save(SOME_CHECKPOINT)],
  ['checkpoint.load', ({ checkpoint }) => checkpoint.load('c')],
  ['checkpoint.loadLatest', ({ checkpoint }) => checkpoint.loadLatest('t')],
  ['checkpoint.list', ({ checkpoint }) => checkpoint.list('t')],
  ['checkpoint.cleanup', ({ checkpoint }) => checkpoint.cleanup('t', 1)],
  ['checkpoint.deleteAll', ({ checkpoint }) => checkpoint.deleteAll('t')],
  ['prune', (adapter) => adapter.prune()],
  ['stats', (adapter) => adapter.stats()],
  ['get', (adapter) => adapter.get('k')],
  ['recordFailure', (adapter) => adapter.recordFailure('k', 5)],
  ['acquire', (adapter) => adapter.acquire('k', 100)],
]

/** One call of every method that takes a key or an id. */
export const KEYED_CALLS: readonly (readonly [
  name: string,
  call: (adapter: AdapterUnderTest, key: string) => Promise<unknown>,
])[] = [
  ['lock.acquire', ({ lock }, key) => lock.acquire(key, 100)],
  ['lock.forceRelease', ({ lock }, key) => lock.forceRelease(key)],
  ['circuitBreaker.getState', ({ circuitBreaker }, key) => circuitBreaker.getState(key)],
  [
    'circuitBreaker.setState',
    ({ circuitBreaker }, key) => circuitBreaker.setState(key, { state: 'open', failureCount: 1 }),
  ],
  ['circuitBreaker.recordFailure', ({ circuitBreaker }, key) => circuitBreaker.recordFailure(key, 5)],
  ['circuitBreaker.recordSuccess', ({ circuitBreaker }, key) => circuitBreaker.recordSuccess(key)],
  ['circuitBreaker.admit', ({ circuitBreaker }, key) => circuitBreaker.admit(key, { resetTimeout: 1 })],
  ['circuitBreaker.succeeded', ({ circuitBreaker }, key) => circuitBreaker.succeeded({ key, generation: 0 })],
  ['circuitBreaker.failed', ({ circuitBreaker }, key) => circuitBreaker.failed({ key, generation: 0 })],
  ['circuitBreaker.withdrawn', ({ circuitBreaker }, key) => circuitBreaker.withdrawn({ key, generation: 0 })],
  ['circuitBreaker.run', ({ circuitBreaker }, key) => circuitBreaker.run(key, async () => 1)],
  ['circuitBreaker.isolate', ({ circuitBreaker }, key) => circuitBreaker.isolate(key)],
  ['circuitBreaker.reset', ({ circuitBreaker }, key) => circuitBreaker.reset(key)],
  ['cache.get', ({ cache }, key) => cache.get(key)],
  ['cache.set', ({ cache }, key) => cache.set(key, 1)],
  ['cache.has', ({ cache }, key) => cache.has(key)],
  ['cache.delete', ({ cache }, key) => cache.delete(key)],
  ['cache.touch', ({ cache }, key) => cache.touch(key, 1)],
  ['cache.ttl', ({ cache }, key) => cache.ttl(key)],
  ['cache.getMany', ({ cache }, key) => cache.getMany(['fine', key])],
  [
    'cache.setMany',
    ({ cache }, key) =>
      cache.setMany([
        ['fine', 1],
        [key, 1],
      ]),
  ],
  ['cache.deleteMany', ({ cache }, key) => cache.deleteMany(['kept', key])],
  ['cache.getOrSet', ({ cache }, key) => cache.getOrSet(key, async () => 1)],
  ['idempotency.get', ({ idempotency }, key) => idempotency.get(key)],
  ['idempotency.set', ({ idempotency }, key) => idempotency.set(key, 1)],
  ['idempotency.delete', ({ idempotency }, key) => idempotency.delete(key)],
  ['idempotency.claim', ({ idempotency }, key) => idempotency.claim(key, { lease: 100 })],
  ['idempotency.once', ({ idempotency }, key) => idempotency.once(key, async () => 1)],
  ['idempotency.freeClaim', ({ idempotency }, key) => idempotency.freeClaim(key, 1)],
  ['checkpoint.save by id', ({ checkpoint }, key) => checkpoint.save({ ...SOME_CHECKPOINT, id: key })],
  ['checkpoint.save by task', ({ checkpoint }, key) => checkpoint.save({ ...SOME_CHECKPOINT, taskId: key })],
  ['checkpoint.load', ({ checkpoint }, key) => checkpoint.load(key)],
  ['checkpoint.loadLatest', ({ checkpoint }, key) => checkpoint.loadLatest(key)],
  ['checkpoint.list', ({ checkpoint }, key) => checkpoint.list(key)],
  ['checkpoint.cleanup', ({ checkpoint }, key) => checkpoint.cleanup(key, 1)],
  ['checkpoint.deleteAll', ({ checkpoint }, key) => checkpoint.deleteAll(key)],
]

type ObjectCall = (adapter: AdapterUnderTest, argument: never, lock: never) => Promise<unknown>

/** One call of every method that takes an object, with an object that it accepts. `lock` is a lock in the database. */
export const OBJECT_CALLS: readonly (readonly [name: string, argument: object, call: ObjectCall])[] = [
  [
    'cache.getOrSet',
    { ttl: 1, staleWhileRevalidate: 1, signal: new AbortController().signal },
    ({ cache }, options) => cache.getOrSet('k', async () => 1, options),
  ],
  ['cache.keys', { startsWith: 'k' }, ({ cache }, options) => cache.keys(options)],
  ['cache.clear', { startsWith: 'none' }, ({ cache }, options) => cache.clear(options)],
  [
    'cache.entries',
    { startsWith: 'k', after: 'k', limit: 1 },
    async ({ cache }, options) => cache.entries(options).next(),
  ],
  [
    'idempotency.claim',
    {
      lease: 1,
      ttl: 1,
      fingerprint: 'f',
      wait: 1,
      signal: new AbortController().signal,
      onFailure: 'keep',
      renew: true,
    },
    ({ idempotency }, options) => idempotency.claim('k', options),
  ],
  [
    'idempotency.once',
    { lease: 1, ttl: 1, fingerprint: 'f', signal: new AbortController().signal },
    ({ idempotency }, options) => idempotency.once('k', async () => 1, options),
  ],
  [
    'lock.hold',
    { ttl: 1, owner: 'o', renew: true, maxLife: 1, wait: 1, signal: new AbortController().signal },
    ({ lock }, options) => lock.hold('k', options),
  ],
  [
    'circuitBreaker.admit',
    { resetTimeout: 1, probes: 1, lease: 1 },
    ({ circuitBreaker }, options) => circuitBreaker.admit('k', options),
  ],
  [
    'circuitBreaker.run',
    { resetTimeout: 1, probes: 1, lease: 1, maxFailures: 1, successThreshold: 1, isFailure: () => true },
    ({ circuitBreaker }, options) => circuitBreaker.run('k', async () => 1, options),
  ],
  [
    'circuitBreaker.setState',
    { state: 'open', failureCount: 1, lastFailureTime: 1, lastSuccessTime: 1 },
    ({ circuitBreaker }, state) => circuitBreaker.setState('k', state),
  ],
  ...(['succeeded', 'failed', 'withdrawn'] as const).map(
    (name) =>
      [
        `circuitBreaker.${name}`,
        { key: 'k', generation: 1, probe: 'p' },
        ({ circuitBreaker }: AdapterUnderTest, permit: never) => circuitBreaker[name](permit),
      ] as const,
  ),
  [
    'checkpoint.save',
    { ...SOME_CHECKPOINT, estimatedTimeRemaining: 1 },
    ({ checkpoint }, saved) => checkpoint.save(saved),
  ],
  ['fenced', { sql: 'SELECT ?', parameters: [1] }, (adapter, statement, lock) => adapter.fenced(lock, [statement])],
]

/** One call of every method that takes several items. */
export const ITERABLE_CALLS: readonly (readonly [name: string, items: readonly unknown[], call: ObjectCall])[] = [
  ['cache.getMany', ['a'], ({ cache }, keys) => cache.getMany(keys)],
  ['cache.setMany', [['a', 1]], ({ cache }, entries) => cache.setMany(entries)],
  ['cache.deleteMany', ['a'], ({ cache }, keys) => cache.deleteMany(keys)],
  ['fenced', [{ sql: 'SELECT 1' }], (adapter, statements, lock) => adapter.fenced(lock, statements)],
  ['fenced parameters', [1], (adapter, parameters, lock) => adapter.fenced(lock, [{ sql: 'SELECT ?, ?', parameters }])],
]
