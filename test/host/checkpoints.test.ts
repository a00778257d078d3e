import { type CheckpointContext, type CheckpointedTaskContext, type ProgressContext, scope } from 'go-go-scope'
import { describe, expect, expectTypeOf, it, vi } from 'vitest'
import { checkpointStore, point, stop } from './support/checkpoint-store.js'
import { deferred } from './support/deferred.js'

const store = checkpointStore()

describe('ctx.checkpoint and ctx.progress', () => {
  it('exist only with the checkpoint option', async () => {
    await using s = scope({ persistence: { checkpoint: store.provider } })
    const keys = (ctx: object) => ['checkpoint' in ctx, 'progress' in ctx]
    expect(await s.task(keys, { checkpoint: {} })).toEqual([undefined, [true, true]])
    expect(await s.resumeTask('job', keys)).toEqual([undefined, [true, true]])
    expect(await s.task(keys)).toEqual([undefined, [false, false]])
  })

  it('do not exist in a scope without a checkpoint store, which the logger is warned of', async () => {
    const logger = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() }
    await using s = scope({ persistence: {}, logger })
    const keys = (ctx: object) => ['checkpoint' in ctx, 'progress' in ctx]
    expect(await s.task(keys, { id: 'job', checkpoint: {} })).toEqual([undefined, [false, false]])
    expect(logger.warn.mock.calls).toEqual([
      ["task 'job': its option 'checkpoint' is ignored, because the scope has no persistence.checkpoint"],
    ])
  })

  it('are typed: not optional, and with the type of the data', async () => {
    await using s = scope({ persistence: { checkpoint: store.provider } })
    interface Rows {
      done: number
    }
    const [error, done] = await s.resumeTask<number, Rows>(
      'job',
      async ({ checkpoint, progress }) => {
        expectTypeOf(checkpoint.data).toEqualTypeOf<Rows | undefined>()
        // @ts-expect-error not what this task saves
        const other = () => checkpoint.save({ rows: 1 })
        expect(other).toBeTypeOf('function')
        progress.update(50)
        const next = (checkpoint.data?.done ?? 0) + 1
        await checkpoint.save({ done: next })
        return next
      },
      { checkpoint: { onCheckpoint: ({ data }) => expectTypeOf(data).toEqualTypeOf<Rows>() } },
    )
    expectTypeOf(done).toEqualTypeOf<number | undefined>()
    expect([error, done]).toEqual([undefined, 1])

    const named = async ({ checkpoint }: CheckpointedTaskContext<object, Rows>) => checkpoint.data?.done
    expect(await s.resumeTask('job', named)).toEqual([undefined, undefined])
    expect(await s.task(named, { id: 'job', checkpoint: {} })).toEqual([undefined, undefined])
    // @ts-expect-error a task without the option has no checkpoints
    expect((await s.task(named, { id: 'job' }))[0]).toBeInstanceOf(TypeError)

    await s.task(
      ({ checkpoint, progress, services }) => {
        expectTypeOf(checkpoint.data).toEqualTypeOf<unknown>()
        expectTypeOf(progress.get().percentage).toEqualTypeOf<number>()
        expectTypeOf(services).toEqualTypeOf<Record<never, never>>()
      },
      { checkpoint: {}, errorClass: TypeError },
    )
    await s.task(({ checkpoint, progress }) => {
      expectTypeOf(checkpoint).toEqualTypeOf<CheckpointContext | undefined>()
      expectTypeOf(progress).toEqualTypeOf<ProgressContext | undefined>()
    })
  })
})

describe('checkpoint.save', () => {
  it('stores id, sequence, time, progress and data under the id of the task', async () => {
    await using s = scope({ persistence: { checkpoint: store.provider }, name: 'import' })
    const onCheckpoint = vi.fn()
    await s.task(
      async (ctx) => {
        await ctx.checkpoint.save({ n: 1 })
        ctx.progress.update(0)
        await vi.advanceTimersByTimeAsync(1000)
        ctx.progress.update(20)
        await ctx.checkpoint.save({ n: 2 })
        await stop()
      },
      { checkpoint: { onCheckpoint } },
    )
    const [first, second] = [
      {
        id: 'import-task-1-1000000-1',
        taskId: 'import-task-1',
        sequence: 1,
        timestamp: 1_000_000,
        progress: 0,
        data: { n: 1 },
      },
      {
        id: 'import-task-1-1001000-2',
        taskId: 'import-task-1',
        sequence: 2,
        timestamp: 1_001_000,
        progress: 20,
        data: { n: 2 },
        estimatedTimeRemaining: expect.closeTo(4000),
      },
    ]
    expect(await store.provider.list('import-task-1')).toEqual([first, second])
    expect(onCheckpoint.mock.calls).toEqual([[first], [second]])
  })

  it.each([
    [{}, 10],
    [{ maxCheckpoints: 3 }, 3],
    [{ maxCheckpoints: 0 }, 0],
  ])('with %j keeps %s', async (checkpoint, kept) => {
    await using s = scope({ persistence: { checkpoint: store.provider } })
    await s.task(
      async (ctx) => {
        for (let i = 1; i <= 12; i++) await ctx.checkpoint.save(i)
        await stop()
      },
      { id: 'job', checkpoint },
    )
    const sequences = (await store.provider.list('job')).map(({ sequence }) => sequence)
    expect(sequences).toEqual(Array.from({ length: kept }, (_, index) => 13 - kept + index))
  })

  it.each(['save', 'cleanup'] as const)('rejects with the error of the provider at %s', async (method) => {
    vi.spyOn(store.provider, method).mockRejectedValue(new Error('disk'))
    await using s = scope({ persistence: { checkpoint: store.provider } })
    expect((await s.task((ctx) => ctx.checkpoint.save(1), { checkpoint: {} }))[0]).toMatchObject({ message: 'disk' })
  })

  it('reports a failure that the function does not await', async () => {
    vi.spyOn(store.provider, 'save').mockRejectedValue(new Error('disk'))
    const onError = vi.fn()
    await using s = scope({ persistence: { checkpoint: store.provider }, hooks: { onError } })
    expect(await s.task((ctx) => void ctx.checkpoint.save(1), { checkpoint: {} })).toEqual([undefined, undefined])
    expect(onError).toHaveBeenCalledExactlyOnceWith(new Error('disk'), 'checkpoint.save')
  })

  it('keeps the order of the calls', async () => {
    const save = store.provider.save.bind(store.provider)
    vi.spyOn(store.provider, 'save').mockImplementation(async (checkpoint) => {
      await new Promise((resolve) => setTimeout(resolve, 100 / checkpoint.sequence))
      return save(checkpoint)
    })
    await using s = scope({ persistence: { checkpoint: store.provider } })
    const task = s.task(
      async (ctx) => {
        await Promise.all(['a', 'b', 'c'].map((data) => ctx.checkpoint.save(data)))
        await stop()
      },
      { id: 'job', checkpoint: {} },
    )
    await vi.advanceTimersByTimeAsync(1000)
    await task
    expect((await store.provider.list('job')).map(({ sequence, data }) => [sequence, data])).toEqual([
      [1, 'a'],
      [2, 'b'],
      [3, 'c'],
    ])
  })

  it('survives an onCheckpoint that throws', async () => {
    const onCheckpoint = () => {
      throw new Error('hook')
    }
    await using s = scope({ persistence: { checkpoint: store.provider } })
    expect(await s.task((ctx) => ctx.checkpoint.save(1), { checkpoint: { onCheckpoint } })).toEqual([
      undefined,
      undefined,
    ])
  })
})

describe('the end of a task with checkpoints', () => {
  it('comes after the last save, and saves run one by one, however many are called', async () => {
    const calls = [deferred(), deferred(), deferred()]
    const save = vi.spyOn(store.provider, 'save')
    for (const call of calls) save.mockReturnValueOnce(call.promise)
    await using s = scope({ persistence: { checkpoint: store.provider } })
    const task = s.task(
      async ({ checkpoint }) => {
        void checkpoint.save(1)
        void checkpoint.save(2)
        setTimeout(() => void checkpoint.save(3), 10)
        await new Promise((resolve) => setTimeout(resolve, 20))
        return stop()
      },
      { checkpoint: {} },
    )
    calls[0]?.resolve()
    await vi.advanceTimersByTimeAsync(20)
    expect(save).toHaveBeenCalledTimes(2)
    calls[1]?.resolve()
    await vi.advanceTimersByTimeAsync(0)
    expect([save.mock.calls.length, task.isSettled]).toEqual([3, false])
    calls[2]?.resolve()
    await task
  })

  it('removes all checkpoints after a success', async () => {
    await store.provider.save(point(1, 1))
    await using s = scope({ persistence: { checkpoint: store.provider } })
    await s.task((ctx) => ctx.checkpoint.save(1), { id: 'job', checkpoint: {} })
    expect(await store.provider.list('job')).toEqual([])
  })

  it('removes the checkpoint of a save that was not awaited too', async () => {
    const slow = deferred()
    const save = store.provider.save.bind(store.provider)
    vi.spyOn(store.provider, 'save').mockImplementation(async (checkpoint) => {
      await slow.promise
      await save(checkpoint)
    })
    await using s = scope({ persistence: { checkpoint: store.provider } })
    const task = s.task((ctx) => void ctx.checkpoint.save(1), { id: 'job', checkpoint: {} })
    await vi.advanceTimersByTimeAsync(0)
    slow.resolve()
    await task
    expect(await store.provider.list('job')).toEqual([])
  })

  it('refuses later saves, from which the next run would resume', async () => {
    const onError = vi.fn()
    await using s = scope({ persistence: { checkpoint: store.provider }, hooks: { onError } })
    let late: Promise<void> | undefined
    const leavesBehind = (ctx: CheckpointedTaskContext) => {
      setTimeout(() => {
        late = ctx.checkpoint.save('late')
      }, 10)
      return 'done'
    }
    expect(await s.task(leavesBehind, { id: 'job', checkpoint: {} })).toEqual([undefined, 'done'])
    await vi.advanceTimersByTimeAsync(10)
    await expect(late).rejects.toThrow("task 'job' has succeeded")
    expect(await store.provider.list('job')).toEqual([])
    expect(onError).toHaveBeenCalledExactlyOnceWith(expect.any(Error), 'checkpoint.save')
  })

  it('reports a failed removal, and the task still succeeds', async () => {
    vi.spyOn(store.provider, 'deleteAll').mockRejectedValue(new Error('disk'))
    const onError = vi.fn()
    await using s = scope({ persistence: { checkpoint: store.provider }, hooks: { onError } })
    expect(await s.task(() => 1, { checkpoint: {} })).toEqual([undefined, 1])
    expect(onError).toHaveBeenCalledExactlyOnceWith(new Error('disk'), 'checkpoint.deleteAll')
  })

  it.each<[string, 'deleteAll' | 'save', () => unknown]>([
    ['the checkpoints of a success are removed', 'deleteAll', () => 'done'],
    ['the save of a failure has ended', 'save', stop],
  ])('settles when %s', async (_, method, end) => {
    const call = deferred()
    vi.spyOn(store.provider, method).mockReturnValue(call.promise)
    await using s = scope({ persistence: { checkpoint: store.provider } })
    const task = s.task(
      ({ checkpoint }) => {
        if (method === 'save') void checkpoint.save(1)
        return end()
      },
      { checkpoint: {} },
    )
    await vi.advanceTimersByTimeAsync(10)
    expect(task.isSettled).toBe(false)
    call.resolve()
    await task
  })

  it('is a success although an abort comes during the removal', async () => {
    const removal = deferred()
    vi.spyOn(store.provider, 'deleteAll').mockReturnValue(removal.promise)
    await using s = scope({ persistence: { checkpoint: store.provider } })
    const task = s.task(() => 'done', { checkpoint: {}, timeout: 10 })
    await vi.advanceTimersByTimeAsync(10)
    expect(await task).toEqual([undefined, 'done'])
    removal.resolve()
  })

  it('keeps the checkpoints after a failure, a time-out and an abort', async () => {
    const controller = new AbortController()
    await using s = scope({ persistence: { checkpoint: store.provider }, signal: controller.signal })
    const save = async (ctx: CheckpointedTaskContext) => {
      await ctx.checkpoint.save(1)
      return ctx
    }
    await s.task((ctx) => save(ctx).then(stop), { id: 'failed', checkpoint: {} })
    const hang = (ctx: CheckpointedTaskContext) => save(ctx).then(() => new Promise(() => {}))
    const tasks = [
      s.task(hang, { id: 'timed-out', checkpoint: {}, timeout: 10 }),
      s.task(hang, { id: 'aborted', checkpoint: {} }),
    ]
    await vi.advanceTimersByTimeAsync(10)
    controller.abort()
    await Promise.all(tasks)
    for (const id of ['failed', 'timed-out', 'aborted']) expect(await store.provider.list(id)).toHaveLength(1)
  })
})

describe('a function that goes on after the time-out of its task', () => {
  /** A task that times out, and saves when `late` resolves. */
  const hangs = (late: Promise<unknown>, saved: unknown[]) => async (ctx: CheckpointedTaskContext) => {
    await late
    await ctx.checkpoint.save('late').then(
      () => saved.push('saved'),
      (error: Error) => saved.push(error.message),
    )
  }

  it('saves its last state while the task was not begun anew', async () => {
    await using s = scope({ persistence: { checkpoint: store.provider } })
    const [late, saved] = [deferred(), [] as unknown[]]
    const task = s.task(hangs(late.promise, saved), { id: 'job', checkpoint: {}, timeout: 10 })
    await vi.advanceTimersByTimeAsync(10)
    await task
    late.resolve()
    await vi.advanceTimersByTimeAsync(0)
    expect(saved).toEqual(['saved'])
    expect(await s.resumeTask('job', (ctx) => ctx.checkpoint.data)).toEqual([undefined, 'late'])
  })

  it('is refused a save once the task was begun anew, whose end the next run would not know of', async () => {
    await using s = scope({ persistence: { checkpoint: store.provider } })
    const [late, saved] = [deferred(), [] as unknown[]]
    const task = s.task(hangs(late.promise, saved), { id: 'job', checkpoint: {}, timeout: 10 })
    await vi.advanceTimersByTimeAsync(10)
    await task
    expect(await s.resumeTask('job', () => 'done')).toEqual([undefined, 'done'])
    late.resolve()
    await vi.advanceTimersByTimeAsync(0)
    expect(saved).toEqual([expect.stringContaining("task 'job' has succeeded or was begun anew")])
    expect(await s.resumeTask('job', (ctx) => ctx.checkpoint.data)).toEqual([undefined, undefined])
  })

  it('has its save stored before a task that is begun anew loads', async () => {
    await using s = scope({ persistence: { checkpoint: store.provider } })
    const [late, saved, slow] = [deferred(), [] as unknown[], deferred()]
    const save = store.provider.save.bind(store.provider)
    vi.spyOn(store.provider, 'save').mockImplementationOnce((checkpoint) => slow.promise.then(() => save(checkpoint)))
    const task = s.task(hangs(late.promise, saved), { id: 'job', checkpoint: {}, timeout: 10 })
    await vi.advanceTimersByTimeAsync(10)
    await task
    late.resolve()
    await vi.advanceTimersByTimeAsync(0)
    // The third waits for what the second waits for.
    const again = [1, 2].map(() => s.resumeTask('job', (ctx) => ctx.checkpoint.data))
    await vi.advanceTimersByTimeAsync(0)
    slow.resolve()
    expect(await Promise.all(again)).toEqual([
      [undefined, 'late'],
      [undefined, 'late'],
    ])
    expect(saved).toEqual(['saved'])
    expect(await store.provider.list('job')).toEqual([])
  })

  it('is refused a save also while the task that is begun anew loads, and after it could not load', async () => {
    await using s = scope({ persistence: { checkpoint: store.provider } })
    const [late, saved, slow] = [deferred(), [] as unknown[], deferred()]
    const task = s.task(hangs(late.promise, saved), { id: 'job', checkpoint: {}, timeout: 10 })
    await vi.advanceTimersByTimeAsync(10)
    await task
    const failed = slow.promise.then(() => Promise.reject(new TypeError('no load')))
    vi.spyOn(store.provider, 'loadLatest').mockReturnValueOnce(failed)
    const again = s.task(() => 'done', { id: 'job', checkpoint: {} })
    late.resolve()
    await vi.advanceTimersByTimeAsync(0)
    expect(saved).toEqual([expect.stringContaining('was begun anew')])
    slow.resolve()
    expect(await again).toEqual([new TypeError('no load'), undefined])
    expect(await store.provider.list('job')).toEqual([])
  })

  it('saves its last state though a task that began earlier loads only then', async () => {
    await using s = scope({ persistence: { checkpoint: store.provider } })
    const [late, saved, slow] = [deferred(), [] as unknown[], deferred()]
    vi.spyOn(store.provider, 'loadLatest').mockReturnValueOnce(slow.promise.then(() => undefined))
    const begin = () => s.task(hangs(late.promise, saved), { id: 'job', checkpoint: {}, timeout: 10 })
    const tasks = [begin(), begin()]
    await vi.advanceTimersByTimeAsync(10)
    await Promise.all(tasks)
    slow.resolve()
    await vi.advanceTimersByTimeAsync(0)
    late.resolve()
    await vi.advanceTimersByTimeAsync(0)
    expect(saved).toEqual(['saved'])
    expect(await s.resumeTask('job', (ctx) => ctx.checkpoint.data)).toEqual([undefined, 'late'])
  })
})

describe('a retry of a task with checkpoints', () => {
  it('gets the data of the newest checkpoint as it was saved', async () => {
    await using s = scope({ persistence: { checkpoint: store.provider } })
    const seen: unknown[] = []
    const task = s.task(
      async (ctx) => {
        seen.push(structuredClone(ctx.checkpoint.data))
        const state = { n: ((ctx.checkpoint.data as { n: number } | undefined)?.n ?? 0) + 1 }
        await ctx.checkpoint.save(state)
        state.n = 99
        expect(ctx.checkpoint.data).toEqual(seen.at(-1))
        await stop()
      },
      { checkpoint: {}, retry: { max: 2, delay: 1 } },
    )
    await vi.advanceTimersByTimeAsync(10)
    await task
    expect(seen).toEqual([undefined, { n: 1 }, { n: 2 }])
  })

  it('gets the data without what an earlier run has changed in it', async () => {
    await store.provider.save(point(1, { rows: [1] }))
    await using s = scope({ persistence: { checkpoint: store.provider } })
    const seen: unknown[] = []
    const change = async ({ checkpoint }: CheckpointedTaskContext<object, { rows: number[] }>) => {
      seen.push(structuredClone(checkpoint.data))
      checkpoint.data?.rows.push(99)
      if (seen.length === 3) await checkpoint.save({ rows: [1, 2] })
      await stop()
    }
    const task = s.task(change, { id: 'job', checkpoint: {}, retry: { max: 4, delay: 1 } })
    await vi.advanceTimersByTimeAsync(10)
    await task
    expect(seen).toEqual([{ rows: [1] }, { rows: [1] }, { rows: [1] }, { rows: [1, 2] }, { rows: [1, 2] }])
  })
})
