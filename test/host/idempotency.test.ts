import { type IdempotencyProvider, InMemoryIdempotencyProvider, scope } from 'go-go-scope'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { deferred } from './support/deferred.js'

let provider: InMemoryIdempotencyProvider
beforeEach(() => {
  vi.useFakeTimers()
  provider = new InMemoryIdempotencyProvider()
})
afterEach(() => void vi.useRealTimers())

const idempotency = { key: 'k' }
const boom = () => Promise.reject(new Error('boom'))

describe('the idempotency key of a task', () => {
  it('is not run when its store says that its result was not stored', async () => {
    const notStored = Object.assign(new Error('too long'), { code: 'RESULT_NOT_STORED' })
    vi.spyOn(provider, 'get').mockRejectedValue(notStored)
    await using s = scope({ persistence: { idempotency: provider } })
    const fn = vi.fn()
    expect((await s.task(fn, { idempotency }))[0]).toMatchObject({ name: 'ResultNotStoredError', cause: notStored })
    expect(fn).not.toHaveBeenCalled()
  })

  it.each([
    ['no persistence', {}],
    ['a persistence without it', { persistence: {} }],
  ])('is ignored without a provider, which the logger is warned of: %s', async (_, options) => {
    const warn = vi.fn(() => {
      throw new Error('logger')
    })
    const logger = { debug: vi.fn(), info: vi.fn(), error: vi.fn(), warn }
    await using s = scope({ ...options, logger })
    const fn = vi.fn(() => 1)
    const key = vi.fn(() => 'k')
    for (const id of ['first', 'second']) {
      expect(await s.task(fn, { id, idempotency: { key } })).toEqual([undefined, 1])
      expect(warn).toHaveBeenLastCalledWith(
        `task '${id}': its option 'idempotency' is ignored, because the scope has no persistence.idempotency`,
      )
    }
    expect(fn).toHaveBeenCalledTimes(2)
    expect(key).not.toHaveBeenCalled()
  })

  it.each([[undefined], [null], [42], [{}]])('is refused when it is not a string: %j', async (key) => {
    await using s = scope({ persistence: { idempotency: provider } })
    const fn = vi.fn()
    const run = (given: unknown) => () => s.task(fn, { idempotency: { key: given as string } })
    expect(run(key)).toThrow('task option idempotency: key must be a string')
    expect(run(() => key)).toThrow('got a function that returned')
    expect(fn).not.toHaveBeenCalled()
  })

  it('may be a function without arguments, called inside task()', async () => {
    await using s = scope({ persistence: { idempotency: provider } })
    const key = vi.fn((...args: unknown[]) => `k${args.length}`)
    const task = s.task(() => 5, { idempotency: { key } })
    expect(key).toHaveBeenCalledOnce()
    await task
    expect(await provider.get('k0')).toMatchObject({ value: [undefined, 5] })
  })

  it('function may throw, which task() throws before any hook is called', async () => {
    const beforeTask = vi.fn()
    await using s = scope({ persistence: { idempotency: provider }, hooks: { beforeTask } })
    const key = () => {
      throw new Error('key')
    }
    expect(() => s.task(() => 1, { idempotency: { key } })).toThrow('key')
    expect(beforeTask).not.toHaveBeenCalled()
  })
})

describe('the success of an idempotent task', () => {
  it('is stored as a tuple, before the task settles', async () => {
    await using s = scope({ persistence: { idempotency: provider } })
    await s.task(() => ({ a: 1 }), { idempotency })
    expect(await provider.get('k')).toEqual({ value: [undefined, { a: 1 }], expiresAt: undefined })
  })

  it.each([
    ['its own ttl', { key: 'k', ttl: 500 }, 500],
    ['the default of the scope', { key: 'k' }, 9000],
  ])('is kept for %s', async (_, option, ttl) => {
    await using s = scope({ persistence: { idempotency: provider }, idempotency: { defaultTTL: 9000 } })
    const fn = vi.fn(() => 1)
    await s.task(fn, { idempotency: option })
    vi.advanceTimersByTime(ttl - 1)
    await s.task(fn, { idempotency: option })
    expect(fn).toHaveBeenCalledTimes(1)
    vi.advanceTimersByTime(1)
    await s.task(fn, { idempotency: option })
    expect(fn).toHaveBeenCalledTimes(2)
  })

  it('is a hit also when the task returned nothing', async () => {
    await using s = scope({ persistence: { idempotency: provider } })
    const fn = vi.fn()
    await s.task(fn, { idempotency })
    expect(await s.task(fn, { idempotency })).toEqual([undefined, undefined])
    expect(fn).toHaveBeenCalledOnce()
  })

  it('is shared with child scopes', async () => {
    await using s = scope({ persistence: { idempotency: provider } })
    await s.task(() => 'parent', { idempotency })
    expect(await s.createChild().task(() => 'child', { idempotency })).toEqual([undefined, 'parent'])
  })

  it('stands when it could not be stored, and the failure is reported', async () => {
    const broken: IdempotencyProvider = {
      get: () => Promise.reject(new Error('get')),
      set: () => Promise.reject(new Error('set')),
      delete: async () => {},
    }
    const onError = vi.fn()
    await using s = scope({ persistence: { idempotency: broken }, hooks: { onError } })
    expect(await s.task(() => 1, { idempotency })).toEqual([undefined, 1])
    expect(onError.mock.calls).toEqual([
      [new Error('get'), 'idempotency.get'],
      [expect.objectContaining({ code: 'RESULT_NOT_STORED', key: 'k', cause: new Error('set') }), 'idempotency.set'],
    ])
  })

  it('is stored when the store was only busy', async () => {
    const idempotency = new InMemoryIdempotencyProvider()
    vi.spyOn(idempotency, 'set').mockRejectedValueOnce(Object.assign(new Error('busy'), { retryable: true }))
    const onError = vi.fn()
    await using s = scope({ persistence: { idempotency }, hooks: { onError } })
    expect(await s.task(() => 1, { idempotency: { key: 'k' } })).toEqual([undefined, 1])
    expect(await idempotency.get('k')).toMatchObject({ value: [undefined, 1] })
    expect(onError).not.toHaveBeenCalled()
  })

  it('is not undone by an abort while it is being stored, and the end of the scope waits until it is', async () => {
    const set = deferred()
    vi.spyOn(provider, 'set').mockReturnValue(set.promise)
    const s = scope({ persistence: { idempotency: provider } })
    const task = s.task(() => 1, { idempotency })
    await vi.advanceTimersByTimeAsync(0)
    const ended = vi.fn()
    const end = s[Symbol.asyncDispose]().then(ended)
    expect(await task).toEqual([undefined, 1])
    await vi.advanceTimersByTimeAsync(0)
    expect(ended).not.toHaveBeenCalled()
    set.resolve()
    await end
  })
})

describe('a replayed result', () => {
  it('runs hooks, but no retry, breaker or checkpoint', async () => {
    const hooks = { beforeTask: vi.fn(), afterTask: vi.fn() }
    const checkpoint = {
      save: vi.fn(),
      loadLatest: vi.fn(),
      load: vi.fn(),
      list: vi.fn(),
      cleanup: vi.fn(),
      deleteAll: vi.fn(),
    }
    await provider.set('k', [undefined, 'stored'])
    await using s = scope({ persistence: { idempotency: provider, checkpoint }, hooks })
    const fn = vi.fn()
    const options = { idempotency, checkpoint: {}, retry: 'fixed', circuitBreaker: {} } as const
    expect(await s.task(fn, options)).toEqual([undefined, 'stored'])
    expect(fn).not.toHaveBeenCalled()
    expect(checkpoint.loadLatest).not.toHaveBeenCalled()
    expect(checkpoint.deleteAll).not.toHaveBeenCalled()
    expect(hooks.beforeTask).toHaveBeenCalledOnce()
    expect(hooks.afterTask).toHaveBeenCalledExactlyOnceWith('task-1', expect.any(Number), undefined, 1)
  })

  it('is served while the circuit is open', async () => {
    await provider.set('k', [undefined, 'stored'])
    await using s = scope({ persistence: { idempotency: provider }, circuitBreaker: { failureThreshold: 1 } })
    await s.task(boom)
    expect(await s.task(() => 1, { idempotency })).toEqual([undefined, 'stored'])
  })

  it.each([
    ['a second place that is not undefined', [undefined, 5], 5],
    ['a second place that is null', [undefined, null], null],
    ['the plain JSON of a success', [null, 5], 5],
    ['the plain JSON of nothing', [null, null], null],
  ])('may be %s', async (_, stored, value) => {
    await provider.set('k', stored)
    await using s = scope({ persistence: { idempotency: provider } })
    expect(await s.task(() => 'ran', { idempotency })).toEqual([undefined, value])
  })

  it.each([
    ['a failure', [new Error('x'), undefined]],
    ['the plain JSON of a failure', [{ _tag: 'UnknownError' }, null]],
  ])('is never %s', async (_, stored) => {
    await provider.set('k', stored)
    await using s = scope({ persistence: { idempotency: provider } })
    expect(await s.task(() => 'ran', { idempotency })).toEqual([undefined, 'ran'])
  })

  it.each([['not a tuple'], [[undefined, 1, 2]]])(
    'is not %j, which no task has stored: the task fails',
    async (stored) => {
      await provider.set('k', stored)
      await using s = scope({ persistence: { idempotency: provider } })
      const fn = vi.fn()
      const [error] = await s.task(fn, { idempotency })
      expect(error).toMatchObject({ message: expect.stringContaining("'k' holds a value that no task has stored") })
      expect(fn).not.toHaveBeenCalled()
      expect((await provider.get('k'))?.value).toEqual(stored)
    },
  )
})

describe('the failure of an idempotent task', () => {
  it('is not stored, and runs again', async () => {
    await using s = scope({ persistence: { idempotency: provider } })
    await s.task(boom, { idempotency })
    expect(provider.size).toBe(0)
    expect(await s.task(() => 1, { idempotency })).toEqual([undefined, 1])
  })
})

describe('runs of one key at the same time', () => {
  it('are one run, over scopes of the process that share the provider', async () => {
    await using one = scope({ persistence: { idempotency: provider } })
    await using two = scope({ persistence: { idempotency: provider } })
    const end = deferred<number>()
    const fn = vi.fn(() => end.promise)
    const tasks = [one.task(fn, { idempotency }), two.task(fn, { idempotency })]
    await vi.advanceTimersByTimeAsync(0)
    end.resolve(1)
    expect(await Promise.all(tasks)).toEqual([
      [undefined, 1],
      [undefined, 1],
    ])
    expect(fn).toHaveBeenCalledOnce()
  })

  it('share a failure, which each task wraps in its own way', async () => {
    class Mine extends Error {}
    await using s = scope({ persistence: { idempotency: provider } })
    const fn = vi.fn(boom)
    const tasks = [s.task(fn, { idempotency }), s.task(fn, { idempotency, errorClass: Mine })]
    const [[plain], [mine]] = (await Promise.all(tasks)) as unknown as [[Error], [Error]]
    expect([plain.name, mine instanceof Mine, mine.message]).toEqual(['UnknownError', true, 'boom'])
    expect(fn).toHaveBeenCalledOnce()
  })

  it('continue with the next task when the running one was aborted', async () => {
    await using s = scope({ persistence: { idempotency: provider } })
    const first = s.task(() => new Promise(() => {}), { idempotency, timeout: 100 })
    const fn = vi.fn(() => 2)
    const others = [s.task(fn, { idempotency }), s.task(fn, { idempotency })]
    await vi.advanceTimersByTimeAsync(100)
    expect((await first)[0]).toMatchObject({ message: 'Task timeout after 100ms' })
    expect(await Promise.all(others)).toEqual([
      [undefined, 2],
      [undefined, 2],
    ])
    expect(fn).toHaveBeenCalledOnce()
  })

  it('settle a joined task at once when it is aborted', async () => {
    await using s = scope({ persistence: { idempotency: provider } })
    const end = deferred<number>()
    const first = s.task(() => end.promise, { idempotency })
    const joined = s.task(() => 2, { idempotency, timeout: 10 })
    await vi.advanceTimersByTimeAsync(10)
    expect((await joined)[0]).toMatchObject({ message: 'Task timeout after 10ms' })
    end.resolve(1)
    expect(await first).toEqual([undefined, 1])
  })

  it('do not keep the scope of a joined task from ending', async () => {
    await using running = scope({ persistence: { idempotency: provider } })
    const joining = scope({ persistence: { idempotency: provider } })
    const end = deferred<number>()
    const first = running.task(() => end.promise, { idempotency })
    const joined = joining.task(() => 2, { idempotency })
    await joining[Symbol.asyncDispose]()
    expect((await joined)[0]).toMatchObject({ message: 'Scope disposed' })
    end.resolve(1)
    expect(await first).toEqual([undefined, 1])
  })
})
