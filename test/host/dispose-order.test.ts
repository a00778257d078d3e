import { scope } from 'go-go-scope'
import { describe, expect, it, vi } from 'vitest'
import { deferred } from './support/deferred.js'

describe('dispose', () => {
  it('goes in the documented order', async () => {
    const order: string[] = []
    const note = (text: string) => () => void order.push(text)
    const s = scope({
      timeout: 1000,
      hooks: {
        onCancel: (reason) => void order.push(`onCancel ${(reason as Error).message} ${s.isDisposed}`),
        beforeDispose: note('beforeDispose'),
        onDispose: (index) => void order.push(`onDispose ${index}`),
        afterDispose: note('afterDispose'),
      },
    })
    s.signal.addEventListener('abort', note('abort'))
    for (const name of ['first child', 'second child']) s.createChild().onDispose(note(name))
    s.provide('a', 1, { dispose: note('service a') }).provide('b', 2, { dispose: note('service b') })
    s.onDispose(note('registered first'))
    s.registerDisposable({ [Symbol.dispose]: note('registered second') })
    s.registerDisposable({ [Symbol.asyncDispose]: async () => void order.push('registered third') })
    await s[Symbol.asyncDispose]()
    expect(order).toEqual([
      'abort',
      'onCancel Scope disposed true',
      'beforeDispose',
      'first child',
      'second child',
      'registered third',
      'registered second',
      'registered first',
      'service b',
      'onDispose 1',
      'service a',
      'onDispose 0',
      'afterDispose',
    ])
  })

  it('waits for unsettled tasks before it disposes what they use', async () => {
    const s = scope({ signal: AbortSignal.timeout(2 ** 30) })
    const recorded = deferred()
    const order: string[] = []
    s.onDispose(() => void order.push('disposed'))
    const slow = { get: async () => null, set: () => recorded.promise, delete: async () => {} }
    const child = s.createChild({ persistence: { idempotency: slow } })
    child.onDispose(() => void order.push('child disposed'))
    void child.task(() => 1, { idempotency: { key: 'k' } }).then(() => order.push('settled'))
    await s[Symbol.asyncDispose]()
    expect(order).toEqual(['settled', 'child disposed', 'disposed'])
  })

  it('disposes children before it waits for its own tasks', async () => {
    const s = scope()
    const ended = deferred()
    await s.task(() => 1, { onCleanup: () => ended.promise })
    s.createChild().onDispose(() => ended.resolve())
    await s[Symbol.asyncDispose]()
  })

  it('calls what a disposer registers', async () => {
    const s = scope()
    const registered = vi.fn()
    s.onDispose(() => s.onDispose(async () => s.onDispose(registered)))
    await s[Symbol.asyncDispose]()
    expect(registered).toHaveBeenCalledOnce()
  })

  it('waits for asynchronous hooks and disposers, one after the other', async () => {
    const order: string[] = []
    const slowly = (text: string) => async () => {
      order.push(`${text} begins`)
      await null
      await null
      order.push(`${text} ends`)
    }
    const s = scope({ hooks: { beforeDispose: slowly('before'), afterDispose: slowly('after') } })
    s.onDispose(slowly('one'))
    s.onDispose(slowly('two'))
    await s[Symbol.asyncDispose]()
    expect(order).toEqual(['before', 'two', 'one', 'after'].flatMap((text) => [`${text} begins`, `${text} ends`]))
  })

  it('clears the timer of the scope', async () => {
    vi.useFakeTimers()
    const s = scope({ timeout: 1000 })
    await s[Symbol.asyncDispose]()
    expect(vi.getTimerCount()).toBe(0)
    vi.useRealTimers()
  })

  it('does not call onCancel when something else has aborted the scope', async () => {
    const onCancel = vi.fn()
    const controller = new AbortController()
    const parent = scope({ signal: controller.signal })
    const s = parent.createChild({ hooks: { onCancel } })
    controller.abort()
    await s[Symbol.asyncDispose]()
    await parent[Symbol.asyncDispose]()
    expect(onCancel).not.toHaveBeenCalled()
  })

  it('reports errors on the way and goes on', async () => {
    const failing = (text: string) => () => {
      throw new Error(text)
    }
    const errors: unknown[] = []
    const disposed: unknown[] = []
    const s = scope({
      hooks: {
        onCancel: failing('onCancel'),
        beforeDispose: async () => failing('beforeDispose')(),
        onDispose: (...args) => {
          disposed.push(args)
          throw new Error('onDispose')
        },
        afterDispose: failing('afterDispose'),
        onError: (error) => void errors.push((error as Error).message),
      },
    })
    s.provide('a', 1, { dispose: failing('service') })
    s.onDispose(failing('registered'))
    await s[Symbol.asyncDispose]()
    expect(errors).toEqual(['onCancel', 'beforeDispose', 'registered', 'service', 'onDispose', 'afterDispose'])
    expect(disposed).toEqual([[0, new Error('service')]])
  })

  it('survives an onError hook that throws', async () => {
    const onError = () => {
      throw new Error('onError')
    }
    const s = scope({ hooks: { onError } })
    s.onDispose(() => Promise.reject(new Error('x')))
    await expect(s[Symbol.asyncDispose]()).resolves.toBeUndefined()
  })

  it('does nothing the second time', async () => {
    const callback = vi.fn()
    const hooks = { beforeDispose: vi.fn(), onCancel: vi.fn() }
    const s = scope({ hooks })
    s.onDispose(callback)
    await Promise.all([s[Symbol.asyncDispose](), s[Symbol.asyncDispose]()])
    await s[Symbol.asyncDispose]()
    expect(callback).toHaveBeenCalledOnce()
    expect(hooks.beforeDispose).toHaveBeenCalledOnce()
    expect(hooks.onCancel).toHaveBeenCalledOnce()
  })

  it('is over: what is registered then is disposed at once, and an error of it is reported', async () => {
    const onError = vi.fn()
    const s = scope({ hooks: { onError } })
    await s[Symbol.asyncDispose]()
    const close = vi.fn()
    s.onDispose(close)
    s.registerDisposable({ [Symbol.asyncDispose]: close })
    expect(close).toHaveBeenCalledTimes(2)
    s.onDispose(() => {
      throw new Error('late')
    })
    expect(onError).toHaveBeenCalledExactlyOnceWith(new Error('late'), 'onDispose')
  })

  it('may be called again by a listener of its own abort, which then waits for it too', async () => {
    const order: string[] = []
    const s = scope()
    s.onDispose(() => order.push('disposer'))
    s.signal.addEventListener('abort', async () => {
      await s[Symbol.asyncDispose]()
      order.push('listener')
    })
    await s[Symbol.asyncDispose]()
    expect(order).toEqual(['disposer', 'listener'])
  })
})
