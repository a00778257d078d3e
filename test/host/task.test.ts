import { scope, Task, UnknownError } from 'go-go-scope'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { deferred } from './support/deferred.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('task', () => {
  it('throws at once on a disposed scope', async () => {
    const s = scope()
    await s[Symbol.asyncDispose]()
    expect(() => s.task(() => 1)).toThrow('Cannot spawn task on disposed scope')
  })

  it('throws at once on an aborted scope', async () => {
    await using s = scope({ signal: AbortSignal.abort('no') })
    expect(() => s.task(() => 1)).toThrow('Cannot spawn task on aborted scope')
  })

  it('starts at once', async () => {
    await using s = scope()
    const fn = vi.fn(() => 1)
    const task = s.task(fn)
    expect(fn).toHaveBeenCalledOnce()
    expect(task.isStarted).toBe(true)
    expect(task.isSettled).toBe(false)
    await task
    expect(task.isSettled).toBe(true)
  })

  it('is a thenable with then, catch and finally', async () => {
    await using s = scope()
    const task = s.task(() => 1)
    expect(task).toBeInstanceOf(Task)
    expect(await task.then(([, value]) => value)).toBe(1)
    expect(await task.catch(() => 'never')).toEqual([undefined, 1])
    const last = vi.fn()
    expect(await task.finally(last)).toEqual([undefined, 1])
    expect(last).toHaveBeenCalledOnce()
  })

  it('does not reject when its function throws', async () => {
    await using s = scope()
    await expect(s.task(() => Promise.reject(new Error('x'))).then(([error]) => error)).resolves.toBeInstanceOf(Error)
  })

  it('aborts when it is disposed', async () => {
    await using s = scope()
    const task = s.task(() => new Promise(() => {}))
    task[Symbol.dispose]()
    expect(task.signal.aborted).toBe(true)
    expect(await task).toEqual([new Error('Task disposed'), undefined])
  })

  it('is not touched by a dispose after it has settled', async () => {
    await using s = scope()
    const task = s.task(() => 1)
    await task
    task[Symbol.dispose]()
    expect(task.signal.aborted).toBe(false)
  })

  it('gives its function services, signal, logger and context, and nothing of checkpoints', async () => {
    const logger = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() }
    await using s = scope({ context: { user: 7 }, logger }).provide('db', 'the db')
    await s.task((ctx) => {
      expect(ctx.services.db).toBe('the db')
      expect(ctx.context).toEqual({ user: 7 })
      expect(ctx.signal).toBeInstanceOf(AbortSignal)
      expect('checkpoint' in ctx).toBe(false)
      expect('progress' in ctx).toBe(false)
      ctx.logger.info('hello', 1)
    })
    expect(logger.info).toHaveBeenCalledWith('hello', 1)
  })

  it('names tasks task-<n> in the hooks, or by id', async () => {
    const names: unknown[] = []
    await using s = scope({ hooks: { beforeTask: (...args) => void names.push(args) } })
    await s.task(() => 1)
    await s.task(() => 1, { id: 'mine' })
    await s.task(() => 1)
    expect(names).toEqual([
      ['task-1', 1],
      ['mine', 2],
      ['task-3', 3],
    ])
    expect(s.task(() => 1).id).toBe('task-4')
    expect(s.task(() => 1, { id: 'other' }).id).toBe('other')
  })

  it('calls afterTask with name, duration, error and index', async () => {
    const afterTask = vi.fn()
    await using s = scope({ hooks: { afterTask } })
    const task = s.task(() => s.delay(50))
    await vi.advanceTimersByTimeAsync(50)
    await task
    expect(afterTask).toHaveBeenLastCalledWith('task-1', expect.closeTo(50), undefined, 1)
    const [error] = await s.task(() => {
      throw new Error('x')
    })
    expect(error).toBeInstanceOf(UnknownError)
    expect(afterTask).toHaveBeenLastCalledWith('task-2', expect.any(Number), error, 2)
  })

  it('calls beforeTask inside task()', async () => {
    const order: string[] = []
    await using s = scope({ hooks: { beforeTask: () => void order.push('before') } })
    const task = s.task(() => void order.push('fn'))
    order.push('returned')
    await task
    expect(order).toEqual(['before', 'fn', 'returned'])
  })

  it('calls hooks that are added later, until they are removed', async () => {
    await using s = scope()
    const before = vi.fn()
    const after = vi.fn()
    const offBefore = s.onBeforeTask(before)
    const offAfter = s.onAfterTask(after)
    await s.task(() => 1)
    offBefore()
    offAfter()
    await s.task(() => 1)
    expect(before).toHaveBeenCalledExactlyOnceWith('task-1', 1)
    expect(after).toHaveBeenCalledExactlyOnceWith('task-1', expect.any(Number), undefined, 1)
  })

  it('keeps its result when hooks throw or reject, and reports them', async () => {
    const onError = vi.fn()
    const hooks = {
      beforeTask: () => {
        throw new Error('before')
      },
      afterTask: () => Promise.reject(new Error('after')),
      onError,
    }
    await using s = scope({ hooks })
    expect(await s.task(() => 1)).toEqual([undefined, 1])
    expect(onError.mock.calls).toEqual([
      [new Error('before'), 'beforeTask'],
      [new Error('after'), 'afterTask'],
    ])
  })

  it('starts no timer for an infinite timeout, which would keep the process alive', async () => {
    await using s = scope({ timeout: Number.POSITIVE_INFINITY })
    const task = s.task(() => new Promise(() => {}), { timeout: Number.POSITIVE_INFINITY })
    expect(vi.getTimerCount()).toBe(0)
    task[Symbol.dispose]()
    await task
  })

  it('calls onCleanup once when it settles, with any result', async () => {
    await using s = scope()
    const onCleanup = vi.fn()
    await s.task(() => 1, { onCleanup })
    expect(onCleanup).toHaveBeenCalledTimes(1)
    await s.task(() => Promise.reject(new Error('x')), { onCleanup })
    expect(onCleanup).toHaveBeenCalledTimes(2)
    const task = s.task(() => new Promise(() => {}), { onCleanup, timeout: 10 })
    await vi.advanceTimersByTimeAsync(10)
    await task
    expect(onCleanup).toHaveBeenCalledTimes(3)
  })

  it('calls onCleanup also when it settles with the result of another call', async () => {
    await using s = scope()
    const end = deferred<number>()
    const onCleanup = vi.fn()
    const first = s.task(() => end.promise, { dedupe: 'k', memo: { key: 'k', ttl: 1000 } })
    const joined = s.task(() => 0, { dedupe: 'k', onCleanup })
    expect(onCleanup).not.toHaveBeenCalled()
    end.resolve(1)
    await Promise.all([first, joined])
    expect(onCleanup).toHaveBeenCalledTimes(1)
    await s.task(() => 0, { memo: { key: 'k', ttl: 1000 }, onCleanup })
    expect(onCleanup).toHaveBeenCalledTimes(2)
  })

  it.each([
    ['of a task', {}],
    ['of a task that got the result of another call', { memo: { key: 'k', ttl: 1000 } }],
  ])('lets dispose wait for an asynchronous onCleanup %s', async (_, options) => {
    const cleaned = deferred()
    const s = scope()
    await s.task(() => 1, { memo: { key: 'k', ttl: 1000 } })
    await s.task(() => 1, { ...options, onCleanup: () => cleaned.promise })
    let disposed = false
    const disposal = s[Symbol.asyncDispose]().then(() => {
      disposed = true
    })
    await vi.advanceTimersByTimeAsync(10)
    expect(disposed).toBe(false)
    cleaned.resolve()
    await disposal
  })
})

describe('dedupe', () => {
  it('lets concurrent calls of one key share one result', async () => {
    await using s = scope()
    const end = deferred<number>()
    const fn = vi.fn(() => end.promise)
    const tasks = [s.task(fn, { dedupe: 'k' }), s.task(fn, { dedupe: 'k' }), s.task(fn, { dedupe: 'other' })]
    expect(fn).toHaveBeenCalledTimes(2)
    end.resolve(5)
    expect(await Promise.all(tasks)).toEqual([
      [undefined, 5],
      [undefined, 5],
      [undefined, 5],
    ])
    await s.task(fn, { dedupe: 'k' })
    expect(fn).toHaveBeenCalledTimes(3)
  })

  it('joins the call that runs although one that began inside it has ended', async () => {
    await using s = scope()
    const end = deferred<string>()
    const first = s.task(
      () => {
        const inner = s.task(() => 'inner', { dedupe: 'k' })
        return Promise.all([inner, end.promise])
      },
      { dedupe: 'k' },
    )
    await vi.advanceTimersByTimeAsync(0)
    const fn = vi.fn()
    const joined = s.task(fn, { dedupe: 'k' })
    end.resolve('end')
    expect(await joined).toEqual(await first)
    expect(fn).not.toHaveBeenCalled()
  })

  it('does not end the shared call when a joined task is disposed', async () => {
    await using s = scope()
    const end = deferred<number>()
    const first = s.task(() => end.promise, { dedupe: 'k' })
    s.task(() => 0, { dedupe: 'k' })[Symbol.dispose]()
    end.resolve(1)
    expect(await first).toEqual([undefined, 1])
  })

  it('ends the wait of a joined task at its own timeout or disposal, with its own error class', async () => {
    await using s = scope()
    const end = deferred<number>()
    class Late extends Error {}
    const first = s.task(() => end.promise, { dedupe: 'k' })
    const onCleanup = vi.fn()
    const joined = s.task(() => 0, { dedupe: 'k', timeout: 10, onCleanup })
    const wrapped = s.task(() => 0, { dedupe: 'k', timeout: 10, errorClass: Late })
    const disposed = s.task(() => 0, { dedupe: 'k', timeout: 10 })
    disposed[Symbol.dispose]()
    await vi.advanceTimersByTimeAsync(10)
    expect((await joined)[0]).toMatchObject({ _tag: 'UnknownError', message: 'Task timeout after 10ms' })
    expect((await wrapped)[0]).toBeInstanceOf(Late)
    expect((await disposed)[0]).toMatchObject({ message: 'Task disposed' })
    expect(onCleanup).toHaveBeenCalledTimes(1)
    const patient = s.task(() => 0, { dedupe: 'k', timeout: 10 })
    end.resolve(1)
    expect([await first, await patient]).toEqual([
      [undefined, 1],
      [undefined, 1],
    ])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('settles a joined task as soon as the call that it joined', async () => {
    await using s = scope()
    const end = deferred<number>()
    const first = s.task(() => end.promise, { dedupe: 'k' })
    const joined = s.task(() => 0, { dedupe: 'k' }).then(() => 'joined')
    const later = first.then(async () => {
      await undefined
      return 'later'
    })
    end.resolve(1)
    expect(await Promise.race([later, joined])).toBe('joined')
  })
})

describe('memo', () => {
  it('answers from memory without a timer, although the task has a timeout', async () => {
    await using s = scope()
    const memo = { key: 'k', ttl: 1000 }
    await s.task(() => 5, { memo })
    const hit = s.task(() => 0, { memo, timeout: 10 })
    expect(vi.getTimerCount()).toBe(0)
    expect(await hit).toEqual([undefined, 5])
  })

  it('answers from memory for ttl ms, without hooks', async () => {
    const beforeTask = vi.fn()
    await using s = scope({ hooks: { beforeTask } })
    const fn = vi.fn(() => 5)
    const memo = { key: 'k', ttl: 1000 }
    await s.task(fn, { memo })
    await vi.advanceTimersByTimeAsync(999)
    expect(await s.task(fn, { memo })).toEqual([undefined, 5])
    expect(fn).toHaveBeenCalledTimes(1)
    expect(beforeTask).toHaveBeenCalledTimes(1)
    await vi.advanceTimersByTimeAsync(1)
    await s.task(fn, { memo })
    expect(fn).toHaveBeenCalledTimes(2)
  })

  it('keeps successes only', async () => {
    await using s = scope()
    const fn = vi.fn(() => Promise.reject(new Error('x')))
    const memo = { key: 'k', ttl: 1000 }
    await s.task(fn, { memo })
    await s.task(fn, { memo })
    expect(fn).toHaveBeenCalledTimes(2)
  })
})
