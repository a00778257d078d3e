import { setImmediate } from 'node:timers/promises'
import { SQLiteAdapter } from '@go-go-scope/persistence-sqlite'
import {
  AbortError,
  InMemoryIdempotencyProvider,
  type PersistenceProviders,
  type ScopeHooks,
  scope,
  type TaskOptions,
  UnknownError,
} from 'go-go-scope'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

const lookedAt = (): never => {
  throw new Error('it was looked at')
}
const throwing = { get: lookedAt }
const trap = (): never => lookedAt()

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable(new Error('x'), {})
  revoke()
  return proxy
}

/** Values that throw when they are read, each in its own way. */
const hostile: Record<string, () => object> = {
  'an error with a throwing message': () => Object.defineProperty(new Error('x'), 'message', throwing),
  'an error whose message cannot be made text': () =>
    Object.defineProperty(new Error('x'), 'message', { value: { toString: lookedAt } }),
  'an error with a throwing name, stack and cause': () =>
    Object.defineProperties(new Error('x'), { stack: throwing, name: throwing, cause: throwing }),
  'an error of its own class that throws at each member': () =>
    // The stack first: an engine computes it on first access, from the other members.
    Object.defineProperties(new (class Own extends Error {})(), {
      stack: throwing,
      message: throwing,
      name: throwing,
      cause: throwing,
      _tag: throwing,
    }),
  'an AbortError with a throwing reason': () => Object.defineProperty(new AbortError('x'), 'reason', throwing),
  'an object with a throwing _tag': () => Object.defineProperty({}, '_tag', throwing),
  'an object with a throwing then': () => Object.defineProperty({}, 'then', throwing),
  'an object with a throwing toString': () => ({ toString: lookedAt }),
  'an object with a throwing toPrimitive and toStringTag': () =>
    Object.defineProperties({ [Symbol.toPrimitive]: lookedAt }, { [Symbol.toStringTag]: throwing }),
  'a revoked Proxy': revoked,
  'a Proxy whose traps throw': () =>
    new Proxy(new Error('x'), {
      get: trap,
      has: trap,
      getPrototypeOf: trap,
      ownKeys: trap,
      getOwnPropertyDescriptor: trap,
    }),
}

class Wrapped extends Error {}

/** Throws at every instanceof check. */
class Unchecked extends Error {
  static override [Symbol.hasInstance](): boolean {
    throw new Error('instanceof')
  }
}

const unhandled = vi.fn()
beforeEach(() => {
  unhandled.mockClear()
  process.on('unhandledRejection', unhandled)
})
afterEach(async () => {
  await setImmediate()
  process.off('unhandledRejection', unhandled)
  expect(unhandled).not.toHaveBeenCalled()
})

/** Returns whether the result is what was thrown, or wraps it. It must not read the members of the thrown value. */
const holds = (error: unknown, thrown: unknown): boolean =>
  error === thrown || ((error instanceof UnknownError || error instanceof Wrapped) && error.cause === thrown)

/** Returns the reason of a rejection in an array: a promise of the value itself would read its `then`. */
const failureOf = (promise: Promise<unknown>): Promise<[unknown]> =>
  promise.then(
    () => ['it did not reject'],
    (error: unknown) => [error],
  )

/** Throws the value in a task of a scope; the scope must then end as usual. */
async function throwInTask(thrown: unknown, options: TaskOptions, persistence: PersistenceProviders = {}) {
  const disposed = vi.fn()
  const onError = vi.fn()
  const s = scope({ persistence, hooks: { onError }, circuitBreaker: {} }).provide('service', 1, { dispose: disposed })
  const [error, value] = await s.task(() => {
    throw thrown
  }, options)
  await s[Symbol.asyncDispose]()
  expect(disposed).toHaveBeenCalledOnce()
  expect(value).toBeUndefined()
  return { error, onError }
}

describe.each(Object.entries(hostile))('a task that throws %s', (_, make) => {
  it.each<[string, TaskOptions]>([
    ['no option', {}],
    ['errorClass', { errorClass: Wrapped }],
    ['systemErrorClass', { systemErrorClass: Wrapped }],
    ['retries', { retry: { max: 1, delay: 0 } }],
    ['memo, dedupe and a cleanup', { memo: { key: 'm', ttl: 1000 }, dedupe: 'd', onCleanup: lookedAt }],
    ['a breaker of its own', { circuitBreaker: { failureThreshold: 1 } }],
  ])('settles with that value, with %s', async (_option, options) => {
    const thrown = make()
    const { error } = await throwInTask(thrown, options)
    expect(holds(error, thrown)).toBe(true)
  })

  it('settles with that value over stores for checkpoints and keys, and frees the key', async () => {
    await using persistence = await SQLiteAdapter.open(':memory:')
    const thrown = make()
    const options: TaskOptions = { id: 'job', checkpoint: {}, idempotency: { key: 'k' } }
    const { error } = await throwInTask(thrown, options, persistence)
    expect(holds(error, thrown)).toBe(true)
    await using after = scope({ persistence })
    expect(await after.task(() => 'ran', options)).toEqual([undefined, 'ran'])
  })

  it('settles with that value for all tasks that share its key', async () => {
    const idempotency = new InMemoryIdempotencyProvider()
    await using s = scope({ persistence: { idempotency } })
    const thrown = make()
    const fail = (): never => {
      throw thrown
    }
    const results = await Promise.all([1, 2].map(() => s.task(fail, { idempotency: { key: 'k' } })))
    expect(results.map(([error]) => holds(error, thrown))).toEqual([true, true])
  })

  it('settles when the wrapper class throws at instanceof, which is reported', async () => {
    const thrown = make()
    const { error, onError } = await throwInTask(thrown, { errorClass: Unchecked })
    expect(Object.getPrototypeOf(error)).toBe(Unchecked.prototype)
    expect((error as Error).cause === thrown).toBe(true)
    expect(onError).toHaveBeenCalledWith(new Error('instanceof'), 'error of a task')
  })
})

describe.each(Object.entries(hostile))('the app throws %s', (_, make) => {
  const hooks: (keyof ScopeHooks)[] = [
    'beforeTask',
    'afterTask',
    'onCancel',
    'beforeDispose',
    'onDispose',
    'afterDispose',
  ]

  it.each(['throws', 'rejects'])(
    'in hooks, disposers and cleanups, and the other ones still run: it %s',
    async (how) => {
      const thrown = make()
      const fail = (): unknown => {
        if (how === 'rejects') return Promise.reject(thrown)
        throw thrown
      }
      const reported: string[] = []
      const logged = vi.fn()
      const last = vi.fn()
      const s = scope({
        hooks: {
          ...Object.fromEntries(hooks.map((hook) => [hook, fail])),
          onError: (error, source) => void (error === thrown && reported.push(source)),
        },
        logger: { debug: logged, info: logged, warn: logged, error: logged },
      })
      s.onDispose(last)
      s.onDispose(fail)
      s.provide('a', 1, { dispose: last })
      s.provide('b', 2, { dispose: fail })
      expect(await s.task(() => 5, { onCleanup: fail as () => void })).toEqual([undefined, 5])
      await s[Symbol.asyncDispose]()
      expect(last).toHaveBeenCalledTimes(2)
      const once = [
        'beforeTask',
        'afterTask',
        'onCleanup',
        'onCancel',
        'beforeDispose',
        'service disposer',
        'afterDispose',
      ]
      // Three times: the hook for each of two services, and the function of the scope.
      expect(reported.toSorted()).toEqual([...once, 'onDispose', 'onDispose', 'onDispose'].toSorted())
      expect(logged).toHaveBeenCalledTimes(reported.length)
    },
  )

  it('as the reason of an abort', async () => {
    const reason = make()
    const controller = new AbortController()
    const s = scope({ signal: controller.signal, concurrency: 1 })
    const running = s.task(() => new Promise(() => {}))
    const waiting = s.task(() => 1)
    const lock = s.acquireLock()
    const guard = await lock.acquire()
    const wanted = failureOf(lock.acquire())
    controller.abort(reason)
    expect((await running)[0] === reason).toBe(true)
    expect(holds((await waiting)[0], reason)).toBe(true)
    expect((await wanted)[0] === reason).toBe(true)
    await guard.release()
    await s[Symbol.asyncDispose]()
  })

  it('in the callbacks of a retry, a breaker and a progress', async () => {
    const thrown = make()
    const fail = (): never => {
      throw thrown
    }
    await using persistence = await SQLiteAdapter.open(':memory:')
    await using s = scope({ persistence })
    const retry = { max: 2, delay: fail, if: () => true, onRetry: fail }
    expect((await s.task(() => Promise.reject(new Wrapped()), { retry }))[0]).toBeInstanceOf(Wrapped)
    const circuitBreaker = { failureThreshold: 1, onOpen: fail, onStateChange: fail }
    expect((await s.task(() => Promise.reject(new Wrapped()), { circuitBreaker }))[0]).toBeInstanceOf(Wrapped)
    const [error, seen] = await s.task(
      async ({ checkpoint, progress }) => {
        progress.onUpdate(fail)
        progress.update(50)
        await checkpoint.save(1)
        return 'saved'
      },
      { checkpoint: { onCheckpoint: fail } },
    )
    expect([error, seen]).toEqual([undefined, 'saved'])
  })

  it('in a store, whose error reaches the caller', async () => {
    const thrown = make()
    const get = (_target: object, name: string | symbol) => (name === 'then' ? undefined : () => Promise.reject(thrown))
    const port = new Proxy({}, { get, has: (_target, name) => name === 'claim' })
    const persistence = { lock: port, idempotency: port, checkpoint: port } as PersistenceProviders
    await using s = scope({ persistence })
    const ends = await Promise.all([
      s.task(() => 1, { idempotency: { key: 'k' } }),
      s.task(() => 1, { checkpoint: {} }),
      failureOf(s.resumeTask('t', () => 1)),
      failureOf(s.acquireLock({ key: 'k' }).acquire()),
    ])
    expect(ends.map(([error]) => holds(error, thrown))).toEqual([true, true, true, true])
  })
})
