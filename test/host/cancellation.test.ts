import { setImmediate } from 'node:timers/promises'
import { AbortError, abortPromise, onAbort, scope, whenAborted } from 'go-go-scope'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { deferred } from './support/deferred.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('an abort', () => {
  it('settles a task at once, while its function goes on', async () => {
    const controller = new AbortController()
    await using s = scope({ signal: controller.signal })
    const end = deferred()
    const finished = vi.fn()
    const task = s.task(async () => {
      await end.promise
      finished()
    })
    controller.abort('stop')
    expect(await task).toEqual(['stop', undefined])
    expect(finished).not.toHaveBeenCalled()
    end.resolve()
    await vi.advanceTimersByTimeAsync(0)
    expect(finished).toHaveBeenCalledOnce()
  })

  it('reaches ctx.signal with its reason', async () => {
    const controller = new AbortController()
    await using s = scope({ signal: controller.signal })
    const seen = vi.fn()
    const task = s.task(({ signal }) => {
      signal.addEventListener('abort', () => seen(signal.reason))
      return new Promise(() => {})
    })
    controller.abort('stop')
    await task
    expect(seen).toHaveBeenCalledExactlyOnceWith('stop')
  })

  it('does not reach a task that has settled', async () => {
    const s = scope()
    const task = s.task(() => 1)
    await task
    await s[Symbol.asyncDispose]()
    expect(task.signal.aborted).toBe(false)
  })

  it('wins over what the function does at the abort', async () => {
    const controller = new AbortController()
    await using s = scope({ signal: controller.signal })
    const task = s.task(
      ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(new TypeError('translated')))
        }),
    )
    controller.abort('stop')
    expect(await task).toEqual(['stop', undefined])
  })
})

describe('task time-out', () => {
  it('aborts ctx.signal of this task only', async () => {
    await using s = scope()
    const task = s.task(() => new Promise(() => {}), { timeout: 100 })
    const other = s.task(() => new Promise(() => {}))
    await vi.advanceTimersByTimeAsync(100)
    await task
    expect(task.signal.reason).toEqual(new Error('Task timeout after 100ms'))
    expect(other.signal.aborted).toBe(false)
    expect(s.signal.aborted).toBe(false)
  })

  it('covers all retries together and stops them', async () => {
    await using s = scope()
    const fn = vi.fn(() => Promise.reject(new Error('x')))
    const task = s.task(fn, { timeout: 250, retry: { max: 10, delay: 100 } })
    await vi.advanceTimersByTimeAsync(1000)
    expect((await task)[0]).toMatchObject({ message: 'Task timeout after 250ms' })
    expect(fn).toHaveBeenCalledTimes(3)
  })

  it('covers the wait for a permit', async () => {
    await using s = scope({ concurrency: 1 })
    void s.task(() => new Promise(() => {}))
    const fn = vi.fn()
    const task = s.task(fn, { timeout: 100 })
    await vi.advanceTimersByTimeAsync(100)
    expect((await task)[0]).toMatchObject({ message: 'Task timeout after 100ms' })
    expect(fn).not.toHaveBeenCalled()
  })

  it('leaves no timer behind', async () => {
    await using s = scope()
    await s.task(() => 1, { timeout: 1000 })
    expect(vi.getTimerCount()).toBe(0)
  })

  it('is off at 0', async () => {
    await using s = scope()
    const task = s.task(() => s.delay(1000), { timeout: 0 })
    await vi.advanceTimersByTimeAsync(1000)
    expect(await task).toEqual([undefined, undefined])
  })
})

describe('onAbort', () => {
  it('calls back once with the reason', () => {
    const controller = new AbortController()
    const callback = vi.fn()
    onAbort(controller.signal, callback)
    controller.abort('r')
    expect(callback).toHaveBeenCalledExactlyOnceWith('r')
  })

  it('calls back at once if aborted', () => {
    const callback = vi.fn()
    onAbort(AbortSignal.abort('r'), callback)
    expect(callback).toHaveBeenCalledExactlyOnceWith('r')
  })

  it('stops listening when disposed', () => {
    const controller = new AbortController()
    const callback = vi.fn()
    onAbort(controller.signal, callback)[Symbol.dispose]()
    controller.abort()
    expect(callback).not.toHaveBeenCalled()
  })
})

describe('abortPromise and whenAborted', () => {
  it('cause no unhandled rejection when nobody awaits them', async () => {
    const unhandled = vi.fn()
    process.on('unhandledRejection', unhandled)
    const controller = new AbortController()
    void abortPromise(controller.signal)
    void whenAborted(controller.signal)
    controller.abort('r')
    await vi.advanceTimersByTimeAsync(0)
    await setImmediate()
    process.off('unhandledRejection', unhandled)
    expect(unhandled).not.toHaveBeenCalled()
  })

  it('reject and resolve with the reason', async () => {
    const controller = new AbortController()
    const rejected = abortPromise(controller.signal)
    const resolved = whenAborted(controller.signal)
    controller.abort('r')
    await expect(rejected).rejects.toBe('r')
    await expect(resolved).resolves.toBe('r')
    await expect(abortPromise(controller.signal)).rejects.toBe('r')
    await expect(whenAborted(controller.signal)).resolves.toBe('r')
  })
})

it('an AbortError that a function throws becomes its reason in the result', async () => {
  await using s = scope()
  expect(await s.task(() => Promise.reject(new AbortError(7)))).toEqual([7, undefined])
})
