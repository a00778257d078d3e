import fc from 'fast-check'
import { storableValue } from '../storable-value.js'
import type { Step } from './step.js'

const KEYS = ['a', 'b', 'a:b', 'user:1', 'user:2', 'User:1', '_', '%', '🙂', 'cache:a']
const PATTERNS = ['*', '%', 'a*', 'user:?', '*:*', '_', 'USER*', '*1', 'a:b', '?']

// Mostly two keys, because interactions between calls show on a shared key.
const key = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom('a', 'user:1') },
  { weight: 1, arbitrary: fc.constantFrom(...KEYS) },
)
const keys = fc.array(key, { maxLength: 5 })
// Times to live and waits that often coincide to the millisecond.
const COMMON_MS = [1, 5, 20]
const ttl = fc.option(
  fc.oneof(
    { weight: 2, arbitrary: fc.constantFrom(...COMMON_MS) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 60 }) },
    { weight: 1, arbitrary: fc.constantFrom(0.5, 1.25, Number.POSITIVE_INFINITY) },
  ),
  { nil: undefined, freq: 3 },
)
const count = fc.integer({ min: 0, max: 6 })

/** The ms between two calls. */
export const wait: fc.Arbitrary<number> = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom(...COMMON_MS) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 40 }) },
)
const time = fc.option(fc.integer({ min: 0, max: 2 ** 42 }), { nil: undefined })

function steps(store: Step['store'], method: string, ...args: fc.Arbitrary<unknown>[]): fc.Arbitrary<Step> {
  return fc.tuple(...args).map((list) => ({ store, method, args: list }))
}

const cacheStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: steps('cache', 'set', key, storableValue, ttl) },
  { weight: 4, arbitrary: steps('cache', 'get', key) },
  { weight: 2, arbitrary: steps('cache', 'has', key) },
  { weight: 2, arbitrary: steps('cache', 'delete', key) },
  { weight: 2, arbitrary: steps('cache', 'keys', fc.option(fc.constantFrom(...PATTERNS), { nil: undefined })) },
  { weight: 1, arbitrary: steps('cache', 'clear') },
  { weight: 2, arbitrary: steps('cache', 'getMany', keys) },
  { weight: 2, arbitrary: steps('cache', 'setMany', fc.array(fc.tuple(key, storableValue), { maxLength: 5 }), ttl) },
  { weight: 1, arbitrary: steps('cache', 'deleteMany', keys) },
)

const idempotencyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: steps('idempotency', 'set', key, fc.tuple(fc.constant(undefined), storableValue), ttl) },
  { weight: 4, arbitrary: steps('idempotency', 'get', key) },
  { weight: 1, arbitrary: steps('idempotency', 'delete', key) },
)

const circuitState = fc
  .record({
    state: fc.constantFrom('closed', 'open', 'half-open'),
    failureCount: count,
    lastFailureTime: time,
    lastSuccessTime: time,
  })
  .map((state) => Object.fromEntries(Object.entries(state).filter(([, value]) => value !== undefined)))

const circuitStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: steps('circuitBreaker', 'recordFailure', key, fc.integer({ min: 1, max: 5 })) },
  { weight: 3, arbitrary: steps('circuitBreaker', 'getState', key) },
  { weight: 1, arbitrary: steps('circuitBreaker', 'recordSuccess', key) },
  { weight: 2, arbitrary: steps('circuitBreaker', 'setState', key, circuitState) },
)

const task = fc.oneof(
  { weight: 2, arbitrary: fc.constant('import') },
  { weight: 1, arbitrary: fc.constantFrom('import', 'import:2', 'imp%', '🙂') },
)

// A task's sequences differ in use, and so does the id of each: equal sequences would leave "the latest" open.
const checkpoint = fc
  .record({
    taskId: task,
    sequence: fc.integer({ min: 1, max: 12 }),
    timestamp: fc.integer({ min: 0, max: 2 ** 42 }),
    // One engine reads numbers below 1e-307 as 0. No real progress is that small.
    progress: fc.double({ min: 0, max: 100, noNaN: true }).map((progress) => (progress < 1e-9 ? 0 : progress)),
    data: storableValue,
    estimatedTimeRemaining: fc.option(fc.integer({ min: 0, max: 10 ** 9 }), { nil: undefined }),
  })
  .map(({ estimatedTimeRemaining, ...rest }) => ({
    id: `${rest.taskId}-${rest.sequence}`,
    ...rest,
    ...(estimatedTimeRemaining === undefined ? {} : { estimatedTimeRemaining }),
  }))

const checkpointId = fc.tuple(task, fc.integer({ min: 1, max: 12 })).map(([name, sequence]) => `${name}-${sequence}`)

const checkpointStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: steps('checkpoint', 'save', checkpoint) },
  { weight: 2, arbitrary: steps('checkpoint', 'loadLatest', task) },
  { weight: 2, arbitrary: steps('checkpoint', 'load', checkpointId) },
  { weight: 2, arbitrary: steps('checkpoint', 'list', task) },
  { weight: 2, arbitrary: steps('checkpoint', 'cleanup', task, count) },
  { weight: 1, arbitrary: steps('checkpoint', 'deleteAll', task) },
)

/** Calls of each store. */
export const stepsOf: Readonly<Record<Step['store'], fc.Arbitrary<Step>>> = {
  cache: cacheStep,
  idempotency: idempotencyStep,
  circuitBreaker: circuitStep,
  checkpoint: checkpointStep,
}

export const anyStep: fc.Arbitrary<Step> = fc.oneof(...Object.values(stepsOf))
