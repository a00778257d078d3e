import { scope, type TaskContext } from 'go-go-scope'
import { describe, expect, it, vi } from 'vitest'
import { checkpointOf, checkpointStore, point, stop } from './support/checkpoint-store.js'
import { deferred } from './support/deferred.js'

const store = checkpointStore()

describe('ctx.checkpoint and ctx.progress', () => {
  it('are there when there is a provider and the option', async () => {
    await using with_ = scope({ persistence: { checkpoint: store.provider } })
    await using without = scope()
    const keys = (ctx: object) => ['checkpoint' in ctx, 'progress' in ctx]
    expect(await with_.task(keys, { checkpoint: {} })).toEqual([undefined, [true, true]])
    expect(await with_.task(keys)).toEqual([undefined, [false, false]])
    expect(await without.task(keys, { checkpoint: {} })).toEqual([undefined, [false, false]])
  })
})

describe('save', () => {
  it('stores id, sequence, time, progress and data, under the id of the task', async () => {
    await using s = scope({ persistence: { checkpoint: store.provider }, name: 'import' })
    const onCheckpoint = vi.fn()
    await s.task(
      async (ctx) => {
        await checkpointOf(ctx).save({ n: 1 })
        ctx.progress?.update(0)
        await vi.advanceTimersByTimeAsync(1000)
        ctx.progress?.update(20)
        await checkpointOf(ctx).save({ n: 2 })
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
        for (let i = 1; i <= 12; i++) await checkpointOf(ctx).save(i)
        await stop()
      },
      { id: 'job', checkpoint },
    )
    const sequences = (await store.provider.list('job')).map(({ sequence }) => sequence)
    expect(sequences).toEqual(Array.from({ length: kept }, (_, index) => 13 - kept + index))
  })

  it.each(['save', 'cleanup'] as const)('passes on what the store.provider throws at %s', async (method) => {
    vi.spyOn(store.provider, method).mockRejectedValue(new Error('disk'))
    await using s = scope({ persistence: { checkpoint: store.provider } })
    expect((await s.task((ctx) => checkpointOf(ctx).save(1), { checkpoint: {} }))[0]).toMatchObject({ message: 'disk' })
  })

  it('that nobody waits for is reported when it fails', async () => {
    vi.spyOn(store.provider, 'save').mockRejectedValue(new Error('disk'))
    const onError = vi.fn()
    await using s = scope({ persistence: { checkpoint: store.provider }, hooks: { onError } })
    expect(await s.task((ctx) => void checkpointOf(ctx).save(1), { checkpoint: {} })).toEqual([undefined, undefined])
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
        await Promise.all(['a', 'b', 'c'].map((data) => checkpointOf(ctx).save(data)))
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
    expect(await s.task((ctx) => checkpointOf(ctx).save(1), { checkpoint: { onCheckpoint } })).toEqual([
      undefined,
      undefined,
    ])
  })
})

describe('the end', () => {
  it('removes all checkpoints after a success', async () => {
    await store.provider.save(point(1, 1))
    await using s = scope({ persistence: { checkpoint: store.provider } })
    await s.task((ctx) => checkpointOf(ctx).save(1), { id: 'job', checkpoint: {} })
    expect(await store.provider.list('job')).toEqual([])
  })

  it('also those of a save that nobody waited for', async () => {
    const slow = deferred()
    const save = store.provider.save.bind(store.provider)
    vi.spyOn(store.provider, 'save').mockImplementation(async (checkpoint) => {
      await slow.promise
      await save(checkpoint)
    })
    await using s = scope({ persistence: { checkpoint: store.provider } })
    const task = s.task((ctx) => void checkpointOf(ctx).save(1), { id: 'job', checkpoint: {} })
    await vi.advanceTimersByTimeAsync(0)
    slow.resolve()
    await task
    expect(await store.provider.list('job')).toEqual([])
  })

  it('takes nothing more from what the function left behind, which the next run would resume from', async () => {
    const onError = vi.fn()
    await using s = scope({ persistence: { checkpoint: store.provider }, hooks: { onError } })
    let late: Promise<void> | undefined
    const leavesBehind = (ctx: TaskContext) => {
      setTimeout(() => {
        late = checkpointOf(ctx).save('late')
      }, 10)
      return 'done'
    }
    expect(await s.task(leavesBehind, { id: 'job', checkpoint: {} })).toEqual([undefined, 'done'])
    await vi.advanceTimersByTimeAsync(10)
    await expect(late).rejects.toThrow("task 'job' has succeeded")
    expect(await store.provider.list('job')).toEqual([])
    expect(onError).toHaveBeenCalledExactlyOnceWith(expect.any(Error), 'checkpoint.save')
  })

  it('reports a failure to remove them, which is no failure of the task', async () => {
    vi.spyOn(store.provider, 'deleteAll').mockRejectedValue(new Error('disk'))
    const onError = vi.fn()
    await using s = scope({ persistence: { checkpoint: store.provider }, hooks: { onError } })
    expect(await s.task(() => 1, { checkpoint: {} })).toEqual([undefined, 1])
    expect(onError).toHaveBeenCalledExactlyOnceWith(new Error('disk'), 'checkpoint.deleteAll')
  })

  it('is a success although an abort comes while they are removed', async () => {
    const removal = deferred()
    vi.spyOn(store.provider, 'deleteAll').mockReturnValue(removal.promise)
    await using s = scope({ persistence: { checkpoint: store.provider } })
    const task = s.task(() => 'done', { checkpoint: {}, timeout: 10 })
    await vi.advanceTimersByTimeAsync(10)
    expect(await task).toEqual([undefined, 'done'])
    removal.resolve()
  })

  it('keeps them after a failure, a time-out and an abort', async () => {
    const controller = new AbortController()
    await using s = scope({ persistence: { checkpoint: store.provider }, signal: controller.signal })
    const save = async (ctx: TaskContext) => {
      await checkpointOf(ctx).save(1)
      return ctx
    }
    await s.task((ctx) => save(ctx).then(stop), { id: 'failed', checkpoint: {} })
    const hang = (ctx: TaskContext) => save(ctx).then(() => new Promise(() => {}))
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

describe('a retry', () => {
  it('sees the newest checkpoint, as it was saved', async () => {
    await using s = scope({ persistence: { checkpoint: store.provider } })
    const seen: unknown[] = []
    const task = s.task(
      async (ctx) => {
        seen.push(structuredClone(checkpointOf(ctx).data))
        const state = { n: ((checkpointOf(ctx).data as { n: number } | undefined)?.n ?? 0) + 1 }
        await checkpointOf(ctx).save(state)
        state.n = 99
        expect(checkpointOf(ctx).data).toEqual(seen.at(-1))
        await stop()
      },
      { checkpoint: {}, retry: { max: 2, delay: 1 } },
    )
    await vi.advanceTimersByTimeAsync(10)
    await task
    expect(seen).toEqual([undefined, { n: 1 }, { n: 2 }])
  })
})
