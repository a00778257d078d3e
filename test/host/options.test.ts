import { runInNewContext } from 'node:vm'
import { portNames } from '@go-go-scope/persistence-conformance/workspace'
import { SQLiteAdapter } from '@go-go-scope/persistence-sqlite'
import { CircuitBreaker, InMemoryCheckpointProvider, InMemoryIdempotencyProvider, scope } from 'go-go-scope'
import { describe, expect, it, vi } from 'vitest'

describe('an unknown option', () => {
  it.each<[object, string]>([
    [{ idempotencyKey: 'a' }, "task options: unknown option 'idempotencyKey'; did you mean 'idempotency'?"],
    [{ timeOut: 5 }, "did you mean 'timeout'?"],
    [{ retries: 2 }, "did you mean 'retry'?"],
    [{ zzzzzzzz: 1 }, 'the options are id, retry, timeout'],
    [{ idempotency: { key: 'k', tll: 5 } }, "task option idempotency: unknown option 'tll'; did you mean 'ttl'?"],
    [{ retry: { maxx: 2 } }, "task option retry: unknown option 'maxx'; did you mean 'max'?"],
    [{ memo: { keys: 'k', ttl: 1 } }, "did you mean 'key'?"],
    [{ checkpoint: { onResumed: () => {} } }, "did you mean 'onResume'?"],
  ])('of a task is refused, and the function does not run: %o', async (options, message) => {
    await using s = scope({ persistence: { idempotency: new InMemoryIdempotencyProvider() } })
    const fn = vi.fn()
    expect(() => s.task(fn, options)).toThrow(message)
    expect(() => s.task(fn, options)).toThrow(TypeError)
    await Promise.resolve()
    expect(fn).not.toHaveBeenCalled()
  })

  it('of a resumed task is refused', async () => {
    await using s = scope({ persistence: { checkpoint: new InMemoryCheckpointProvider() } })
    const fn = vi.fn()
    await expect(s.resumeTask('t', fn, { requireExistng: true } as object)).rejects.toThrow(
      "resumeTask options: unknown option 'requireExistng'; did you mean 'requireExisting'?",
    )
    await expect(s.resumeTask('t', fn, { timeOut: 1 } as object)).rejects.toThrow("did you mean 'timeout'?")
    expect(fn).not.toHaveBeenCalled()
    expect(await s.resumeTask('t', () => 1, { requireExisting: false, timeout: 5000 })).toEqual([undefined, 1])
  })

  it.each<[object, string]>([
    [{ persistance: {} }, "scope options: unknown option 'persistance'; did you mean 'persistence'?"],
    [{ idempotency: { ttl: 5 } }, 'scope option idempotency: unknown option'],
    [{ idempotency: { defaultTtl: 5 } }, 'defaultTTL'],
  ])('of a scope or its child is refused: %o', async (options, message) => {
    expect(() => scope(options)).toThrow(message)
    await using s = scope()
    expect(() => s.createChild(options)).toThrow(message)
  })

  it('has another message than options that are not an object', async () => {
    await using s = scope()
    expect(() => s.task(() => 1, 'name' as unknown as object)).toThrow('task options: must be an object, got string')
    expect(() => scope(null as unknown as object)).toThrow('scope options: must be an object, got null')
  })
})

describe('a value that means nothing', () => {
  const stores = { idempotency: new InMemoryIdempotencyProvider(), checkpoint: new InMemoryCheckpointProvider() }
  const noNumbers = [Number.NaN, '50', 'soon', null, 1n, {}, true]
  const noTimes = [...noNumbers, -1]
  const notAbove0 = [...noTimes, 0]
  const notFrom1 = [...noTimes, 0.5]

  /** Each option that is a number: its title in the message, refused values, and how it is passed. */
  const NUMBERS: readonly [string, readonly unknown[], (value: never) => object][] = [
    ['task option timeout', noTimes, (timeout) => ({ timeout })],
    ['task option priority', noNumbers, (priority) => ({ priority })],
    ['task option retry: max', noTimes, (max) => ({ retry: { max } })],
    ['task option retry: delay', noTimes, (delay) => ({ retry: { delay } })],
    ['task option memo: ttl', notAbove0, (ttl) => ({ memo: { key: 'k', ttl } })],
    ['task option idempotency: ttl', notAbove0, (ttl) => ({ idempotency: { key: 'k', ttl } })],
    ['task option idempotency: lease', notAbove0, (lease) => ({ idempotency: { key: 'k', lease } })],
    ['task option checkpoint: interval', notAbove0, (interval) => ({ checkpoint: { interval } })],
    ['task option checkpoint: maxCheckpoints', [...noTimes, 1.5], (n) => ({ checkpoint: { maxCheckpoints: n } })],
    ['circuitBreaker option failureThreshold', notFrom1, (n) => ({ circuitBreaker: { failureThreshold: n } })],
    ['circuitBreaker option successThreshold', notFrom1, (n) => ({ circuitBreaker: { successThreshold: n } })],
    ['circuitBreaker option resetTimeout', noTimes, (resetTimeout) => ({ circuitBreaker: { resetTimeout } })],
    ['circuitBreaker option advanced: minThreshold', notFrom1, (minThreshold) => advanced({ minThreshold })],
    ['circuitBreaker option advanced: maxThreshold', notFrom1, (maxThreshold) => advanced({ maxThreshold })],
    ['circuitBreaker option advanced: errorRateWindowMs', notAbove0, (ms) => advanced({ errorRateWindowMs: ms })],
    ['circuitBreaker option advanced: slidingWindowSizeMs', notAbove0, (ms) => advanced({ slidingWindowSizeMs: ms })],
  ]
  function advanced(options: object): object {
    return { circuitBreaker: { advanced: options } }
  }

  it.each(NUMBERS)('of a task is refused, and the function does not run: %s', async (title, wrong, options) => {
    await using s = scope({ persistence: stores })
    const fn = vi.fn()
    for (const value of wrong) {
      expect(() => s.task(fn, options(value as never))).toThrow(TypeError)
      expect(() => s.task(fn, options(value as never))).toThrow(`${title}: must be a`)
    }
    await expect(s.resumeTask('t', fn, options(wrong[0] as never))).rejects.toThrow(TypeError)
    expect(fn).not.toHaveBeenCalled()
  })

  it.each<[object, string]>([
    [{ retry: 'expo' }, "task option retry: must be 'exponential', 'linear', 'fixed' or an object, got 'expo'"],
    [{ retry: 'toString' }, "got 'toString'"],
    [{ retry: 3 }, 'got number'],
    [{ id: 5 }, 'task option id: must be a string, got 5'],
    [{ dedupe: {} }, 'task option dedupe: must be a string, got object'],
    [{ memo: { ttl: 5, key: null } }, 'task option memo: key: must be a string, got null'],
    [{ timeout: '50' }, 'task option timeout: must be a number of ms from 0, got "50"'],
    [{ circuitBreaker: { failureTreshold: 2 } }, "did you mean 'failureThreshold'?"],
    [{ circuitBreaker: { advanced: { slidingWindows: true } } }, "did you mean 'slidingWindow'?"],
  ])('of a task has a message: %o', async (options, message) => {
    await using s = scope()
    expect(() => s.task(() => 1, options)).toThrow(message)
  })

  it.each<[string, readonly unknown[], (value: never) => object]>([
    ['scope option timeout', noTimes, (timeout) => ({ timeout })],
    ['scope option concurrency', noNumbers, (concurrency) => ({ concurrency })],
    ['scope option name', [5, null], (name) => ({ name })],
    ['scope option signal', [5, null, {}, new AbortController()], (signal) => ({ signal })],
    ['scope option hooks', [5, null, 'beforeTask'], (hooks) => ({ hooks })],
    ['scope option context', [5, null, 'user'], (context) => ({ context })],
    ['scope option logger', [5, null, {}], (logger) => ({ logger })],
    ['scope option logLevel', [5, null, 'warning'], (logLevel) => ({ logLevel })],
    ['circuitBreaker option provider', [5, null, {}], (provider) => ({ circuitBreaker: { provider } })],
    ['scope option idempotency: defaultTTL', notAbove0, (defaultTTL) => ({ idempotency: { defaultTTL } })],
    ['scope option idempotency: defaultLease', notAbove0, (defaultLease) => ({ idempotency: { defaultLease } })],
    ['circuitBreaker option resetTimeout', noTimes, (resetTimeout) => ({ circuitBreaker: { resetTimeout } })],
  ])('of a scope or its child is refused, and the parent ends: %s', async (title, wrong, options) => {
    const s = scope()
    for (const value of wrong) {
      expect(() => scope(options(value as never))).toThrow(TypeError)
      expect(() => s.createChild(options(value as never))).toThrow(`${title}: must be `)
    }
    await s[Symbol.asyncDispose]()
  })

  it('of a lock or a request for it is refused', async () => {
    await using s = scope()
    for (const ttl of notAbove0) expect(() => s.acquireLock({ key: 'k', ttl } as object)).toThrow('lock option ttl')
    expect(() => s.acquireLock({ kee: 'k' } as object)).toThrow("lock options: unknown option 'kee'")
    for (const provider of [5, null, {}, s]) {
      expect(() => s.acquireLock({ key: 'k', provider } as object)).toThrow('lock option provider: must be an object')
    }
    const lock = s.acquireLock({ key: 'k' })
    for (const timeout of noTimes) {
      await expect(lock.acquire({ timeout } as object)).rejects.toThrow('lock request option timeout: must be a')
    }
    for (const priority of noNumbers) await expect(lock.acquire({ priority } as object)).rejects.toThrow(TypeError)
    for (const pollInterval of noTimes)
      await expect(lock.acquire({ pollInterval } as object)).rejects.toThrow(TypeError)
    await expect(lock.acquire({ timeoutMs: 5 } as object)).rejects.toThrow("did you mean 'timeout'?")
  })

  it('of a delay, a semaphore or a breaker is refused', async () => {
    await using s = scope()
    for (const value of [...noNumbers, undefined]) {
      expect(() => s.delay(value as never)).toThrow('delay: ms: must be a number')
      expect(() => s.semaphore(value as never)).toThrow('permits: must be a number')
    }
    for (const priority of noNumbers) {
      await expect(s.semaphore(1).acquire(() => 1, priority as never)).rejects.toThrow('priority: must be a number')
    }
    expect(() => new CircuitBreaker({ resetTimeout: Number.NaN })).toThrow(TypeError)
  })

  it('does not include Infinity, nor 0 where it has a meaning', async () => {
    const forEver = Number.POSITIVE_INFINITY
    await using s = scope({ timeout: forEver, concurrency: forEver, circuitBreaker: { resetTimeout: forEver } })
    const retry = { max: forEver, delay: 0 }
    expect(await s.task(() => 1, { timeout: 0, priority: -forEver, retry })).toEqual([undefined, 1])
    await using guard = await s.acquireLock({ ttl: forEver }).acquire({ timeout: 0, pollInterval: 0 })
    expect(guard.isReleased).toBe(false)
    await using child = s.createChild({ timeout: 0, concurrency: -1 })
    expect(await child.task(() => 2, { timeout: forEver })).toEqual([undefined, 2])
  })
})

describe('a persistence that is no open store', () => {
  const wrong = [
    ['the class', SQLiteAdapter, 'got the class or function SQLiteAdapter; create an instance'],
    ['the promise of one', Promise.resolve({}), 'got a promise; await it'],
    ['null', null, 'got null'],
    ['a path', 'app.db', 'got string'],
  ] as const

  it.each(wrong)('is refused: %s', async (_, store, message) => {
    const create = (persistence: unknown) => () => scope({ persistence: persistence as object })
    expect(create(store)).toThrow(TypeError)
    expect(create(store)).toThrow('scope option persistence: must be an open store')
    expect(create(store)).toThrow(message)
    for (const port of portNames) {
      expect(create({ [port]: store })).toThrow(`scope option persistence.${port}: must be an open store, ${message}`)
    }
  })

  it('is refused when it is a port, or has none, and the message says what to pass', async () => {
    await using adapter = await SQLiteAdapter.open(':memory:')
    const create = (persistence: unknown) => () => scope({ persistence: persistence as object })
    for (const port of portNames) {
      expect(create(adapter[port])).toThrow(TypeError)
      expect(create(adapter[port])).toThrow(
        `must be an adapter or an object with lock, circuitBreaker, checkpoint, cache, idempotency, got one ${port}; ` +
          `pass its adapter, or { ${port}: … } for it alone`,
      )
      expect(create({ [port]: {} })).toThrow(`scope option persistence.${port}: must be the ${port} of an adapter`)
      await scope({ persistence: { [port]: adapter[port] } })[Symbol.asyncDispose]()
    }
    for (const none of [{ locks: adapter.lock }, new URL('file:app.db'), []]) {
      expect(create(none)).toThrow('got an object without any of them')
    }
  })

  it.each([
    ['checkpoint', ['loadLatest', 'save', 'cleanup', 'deleteAll']],
    ['circuitBreaker', ['getState', 'setState', 'recordFailure', 'recordSuccess']],
    ['idempotency', ['get', 'set']],
  ])('is refused when the %s lacks a method that the scope calls', (port, methods) => {
    const whole = Object.fromEntries(methods.map((name) => [name, async () => undefined]))
    for (const name of methods) {
      const create = () => scope({ persistence: { [port]: { ...whole, [name]: undefined } } })
      expect(create).toThrow(`scope option persistence.${port}: must be the ${port} of an adapter`)
      expect(create).toThrow(`got an object without ${name}()`)
    }
  })

  it('does not include open stores, nor ports that are not given', async () => {
    await using persistence = await SQLiteAdapter.open(':memory:')
    const notGiven = { lock: undefined }
    const ofAnotherRealm: object = runInNewContext('({})')
    for (const options of [{ persistence }, { persistence: {} }, { persistence: notGiven as object }, {}])
      await scope(options)[Symbol.asyncDispose]()
    await scope({ persistence: ofAnotherRealm })[Symbol.asyncDispose]()
  })

  it('does not include an object that creates its ports on first use, such as a container', async () => {
    await using adapter = await SQLiteAdapter.open(':memory:')
    class Lazily {}
    const persistence = new Proxy(new Lazily(), { get: (_, name) => (name === 'lock' ? adapter.lock : undefined) })
    await scope({ persistence })[Symbol.asyncDispose]()
  })
})
