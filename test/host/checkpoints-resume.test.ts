import { type CheckpointedTaskContext, createCheckpointContext, scope } from 'go-go-scope'
import { describe, expect, it, vi } from 'vitest'
import { checkpointStore, point, stop } from './support/checkpoint-store.js'
import { deferred } from './support/deferred.js'

const store = checkpointStore()

describe('the start of a task with checkpoints', () => {
  it('loads the newest checkpoint without resumeTask, calls onResume, and continues its sequence', async () => {
    await store.provider.save(point(6, 'older'))
    await store.provider.save(point(7, { n: 7 }))
    await using s = scope({ persistence: { checkpoint: store.provider } })
    const onResume = vi.fn()
    await s.task(
      async (ctx) => {
        expect(ctx.checkpoint.data).toEqual({ n: 7 })
        expect(ctx.progress.get()).toEqual({ percentage: 40 })
        await ctx.checkpoint.save({ n: 8 })
        await stop()
      },
      { id: 'job', checkpoint: { onResume } },
    )
    expect(onResume).toHaveBeenCalledExactlyOnceWith(point(7, { n: 7 }))
    expect(await store.provider.loadLatest('job')).toMatchObject({ sequence: 8, data: { n: 8 } })
  })

  it('has no data when nothing is stored, and does not call onResume', async () => {
    const onResume = vi.fn()
    await using s = scope({ persistence: { checkpoint: store.provider } })
    expect(await s.task((ctx) => ctx.checkpoint.data, { checkpoint: { onResume } })).toEqual([undefined, undefined])
    expect(onResume).not.toHaveBeenCalled()
  })

  it('survives an onResume that throws', async () => {
    await store.provider.save(point(1, 1))
    const onResume = () => Promise.reject(new Error('hook'))
    await using s = scope({ persistence: { checkpoint: store.provider } })
    expect(await s.task(() => 5, { id: 'job', checkpoint: { onResume } })).toEqual([undefined, 5])
  })
})

describe('resumeTask', () => {
  it('rejects without a provider', async () => {
    await using s = scope()
    await expect(s.resumeTask('job', () => 1)).rejects.toThrow(/^No checkpoint provider configured$/)
  })

  it('rejects without a checkpoint when requireExisting is set, else starts fresh', async () => {
    await using s = scope({ persistence: { checkpoint: store.provider } })
    await expect(s.resumeTask('job', () => 1, { requireExisting: true })).rejects.toThrow(
      'No checkpoint found for task ID: job',
    )
    expect(await s.resumeTask('job', (ctx) => ctx.checkpoint.data)).toEqual([undefined, undefined])
  })

  it('resumes from the newest checkpoint, calls onResume once, and removes the checkpoint at the end', async () => {
    await store.provider.save(point(3, 'state'))
    const load = vi.spyOn(store.provider, 'loadLatest')
    const onResume = vi.fn()
    await using s = scope({ persistence: { checkpoint: store.provider } })
    const result = await s.resumeTask('job', (ctx) => ctx.checkpoint.data, {
      requireExisting: true,
      checkpoint: { onResume },
    })
    expect(result).toEqual([undefined, 'state'])
    expect(onResume).toHaveBeenCalledOnce()
    expect(load).toHaveBeenCalledTimes(2)
    expect(await store.provider.list('job')).toEqual([])
  })

  it('is waited for by the end of its scope while it loads, and then rejects', async () => {
    const loaded = deferred()
    vi.spyOn(store.provider, 'loadLatest').mockReturnValue(loaded.promise as Promise<undefined>)
    const s = scope({ persistence: { checkpoint: store.provider } })
    const fn = vi.fn()
    const rejected = expect(s.resumeTask('job', fn)).rejects.toThrow(/^Cannot spawn task on disposed scope$/)
    const ended = vi.fn()
    const end = s[Symbol.asyncDispose]().then(ended)
    await vi.advanceTimersByTimeAsync(0)
    expect(ended).not.toHaveBeenCalled()
    loaded.resolve()
    await end
    await rejected
    expect(fn).not.toHaveBeenCalled()
  })

  it('has a default interval of 60 s', async () => {
    await using s = scope({ persistence: { checkpoint: store.provider } })
    const snapshot = vi.fn(() => 1)
    const hang = (ctx: CheckpointedTaskContext) => {
      ctx.checkpoint.auto(snapshot)
      return new Promise(() => {})
    }
    void s.resumeTask('job', hang)
    void s.resumeTask('other', hang, { checkpoint: { interval: 100_000 } })
    await vi.advanceTimersByTimeAsync(59_999)
    expect(snapshot).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    expect(snapshot).toHaveBeenCalledOnce()
  })

  it('returns the failure of the function in the result', async () => {
    await using s = scope({ persistence: { checkpoint: store.provider } })
    expect((await s.resumeTask('job', stop))[0]).toMatchObject({ message: 'stop' })
  })
})

it('createCheckpointContext works without a scope', async () => {
  const checkpoints = createCheckpointContext<number[]>({
    provider: store.provider,
    taskId: 'job',
    latest: { ...point(4, 4), data: [4] },
  })
  expect(checkpoints.data).toEqual([4])
  const rows = [4, 5]
  await checkpoints.save(rows)
  rows.push(6)
  expect(await store.provider.loadLatest('job')).toMatchObject({ sequence: 5, data: [4, 5], progress: 0 })
  expect(checkpoints.nextRun().data).toEqual([4, 5])
})
