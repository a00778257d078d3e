import {
  type Checkpoint,
  createCheckpointContext,
  InMemoryCheckpointProvider,
  scope,
  type TaskContext,
} from 'go-go-scope'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { deferred } from './support/deferred.js'

let provider: InMemoryCheckpointProvider
beforeEach(() => {
  vi.useFakeTimers()
  vi.setSystemTime(1_000_000)
  provider = new InMemoryCheckpointProvider()
})
afterEach(() => void vi.useRealTimers())

/** The checkpoint context, in tests where it is there. */
const of = (ctx: TaskContext) => ctx.checkpoint as NonNullable<TaskContext['checkpoint']>
const stop = () => Promise.reject(new Error('stop'))
const point = (sequence: number, data: unknown): Checkpoint => {
  return { id: `job-${sequence}`, taskId: 'job', sequence, timestamp: 1, progress: 40, data }
}

describe('ctx.checkpoint and ctx.progress', () => {
  it('are there when there is a provider and the option', async () => {
    await using with_ = scope({ persistence: { checkpoint: provider } })
    await using without = scope()
    const keys = (ctx: object) => ['checkpoint' in ctx, 'progress' in ctx]
    expect(await with_.task(keys, { checkpoint: {} })).toEqual([undefined, [true, true]])
    expect(await with_.task(keys)).toEqual([undefined, [false, false]])
    expect(await without.task(keys, { checkpoint: {} })).toEqual([undefined, [false, false]])
  })
})

describe('save', () => {
  it('stores id, sequence, time, progress and data, under the id of the task', async () => {
    await using s = scope({ persistence: { checkpoint: provider }, name: 'import' })
    const onCheckpoint = vi.fn()
    await s.task(
      async (ctx) => {
        await of(ctx).save({ n: 1 })
        ctx.progress?.update(0)
        await vi.advanceTimersByTimeAsync(1000)
        ctx.progress?.update(20)
        await of(ctx).save({ n: 2 })
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
    expect(await provider.list('import-task-1')).toEqual([first, second])
    expect(onCheckpoint.mock.calls).toEqual([[first], [second]])
  })

  it.each([
    [{}, 10],
    [{ maxCheckpoints: 3 }, 3],
    [{ maxCheckpoints: 0 }, 0],
  ])('with %j keeps %s', async (checkpoint, kept) => {
    await using s = scope({ persistence: { checkpoint: provider } })
    await s.task(
      async (ctx) => {
        for (let i = 1; i <= 12; i++) await of(ctx).save(i)
        await stop()
      },
      { id: 'job', checkpoint },
    )
    const sequences = (await provider.list('job')).map(({ sequence }) => sequence)
    expect(sequences).toEqual(Array.from({ length: kept }, (_, index) => 13 - kept + index))
  })

  it.each(['save', 'cleanup'] as const)('passes on what the provider throws at %s', async (method) => {
    vi.spyOn(provider, method).mockRejectedValue(new Error('disk'))
    await using s = scope({ persistence: { checkpoint: provider } })
    expect((await s.task((ctx) => of(ctx).save(1), { checkpoint: {} }))[0]).toMatchObject({ message: 'disk' })
  })

  it('that nobody waits for is reported when it fails', async () => {
    vi.spyOn(provider, 'save').mockRejectedValue(new Error('disk'))
    const onError = vi.fn()
    await using s = scope({ persistence: { checkpoint: provider }, hooks: { onError } })
    expect(await s.task((ctx) => void of(ctx).save(1), { checkpoint: {} })).toEqual([undefined, undefined])
    expect(onError).toHaveBeenCalledExactlyOnceWith(new Error('disk'), 'checkpoint.save')
  })

  it('keeps the order of the calls', async () => {
    const save = provider.save.bind(provider)
    vi.spyOn(provider, 'save').mockImplementation(async (checkpoint) => {
      await new Promise((resolve) => setTimeout(resolve, 100 / checkpoint.sequence))
      return save(checkpoint)
    })
    await using s = scope({ persistence: { checkpoint: provider } })
    const task = s.task(
      async (ctx) => {
        await Promise.all(['a', 'b', 'c'].map((data) => of(ctx).save(data)))
        await stop()
      },
      { id: 'job', checkpoint: {} },
    )
    await vi.advanceTimersByTimeAsync(1000)
    await task
    expect((await provider.list('job')).map(({ sequence, data }) => [sequence, data])).toEqual([
      [1, 'a'],
      [2, 'b'],
      [3, 'c'],
    ])
  })

  it('survives an onCheckpoint that throws', async () => {
    const onCheckpoint = () => {
      throw new Error('hook')
    }
    await using s = scope({ persistence: { checkpoint: provider } })
    expect(await s.task((ctx) => of(ctx).save(1), { checkpoint: { onCheckpoint } })).toEqual([undefined, undefined])
  })
})

describe('the start', () => {
  it('loads the newest checkpoint without resumeTask, calls onResume, and counts on', async () => {
    await provider.save(point(6, 'older'))
    await provider.save(point(7, { n: 7 }))
    await using s = scope({ persistence: { checkpoint: provider } })
    const onResume = vi.fn()
    await s.task(
      async (ctx) => {
        expect(of(ctx).data).toEqual({ n: 7 })
        expect(ctx.progress?.get()).toEqual({ percentage: 40 })
        await of(ctx).save({ n: 8 })
        await stop()
      },
      { id: 'job', checkpoint: { onResume } },
    )
    expect(onResume).toHaveBeenCalledExactlyOnceWith(point(7, { n: 7 }))
    expect(await provider.loadLatest('job')).toMatchObject({ sequence: 8, data: { n: 8 } })
  })

  it('has no data when nothing is stored, and does not call onResume', async () => {
    const onResume = vi.fn()
    await using s = scope({ persistence: { checkpoint: provider } })
    expect(await s.task((ctx) => of(ctx).data, { checkpoint: { onResume } })).toEqual([undefined, undefined])
    expect(onResume).not.toHaveBeenCalled()
  })

  it('survives an onResume that throws', async () => {
    await provider.save(point(1, 1))
    const onResume = () => Promise.reject(new Error('hook'))
    await using s = scope({ persistence: { checkpoint: provider } })
    expect(await s.task(() => 5, { id: 'job', checkpoint: { onResume } })).toEqual([undefined, 5])
  })
})

describe('the end', () => {
  it('removes all checkpoints after a success', async () => {
    await provider.save(point(1, 1))
    await using s = scope({ persistence: { checkpoint: provider } })
    await s.task((ctx) => of(ctx).save(1), { id: 'job', checkpoint: {} })
    expect(await provider.list('job')).toEqual([])
  })

  it('also those of a save that nobody waited for', async () => {
    const slow = deferred()
    const save = provider.save.bind(provider)
    vi.spyOn(provider, 'save').mockImplementation(async (checkpoint) => {
      await slow.promise
      await save(checkpoint)
    })
    await using s = scope({ persistence: { checkpoint: provider } })
    const task = s.task((ctx) => void of(ctx).save(1), { id: 'job', checkpoint: {} })
    await vi.advanceTimersByTimeAsync(0)
    slow.resolve()
    await task
    expect(await provider.list('job')).toEqual([])
  })

  it('reports a failure to remove them, which is no failure of the task', async () => {
    vi.spyOn(provider, 'deleteAll').mockRejectedValue(new Error('disk'))
    const onError = vi.fn()
    await using s = scope({ persistence: { checkpoint: provider }, hooks: { onError } })
    expect(await s.task(() => 1, { checkpoint: {} })).toEqual([undefined, 1])
    expect(onError).toHaveBeenCalledExactlyOnceWith(new Error('disk'), 'checkpoint.deleteAll')
  })

  it('is a success although an abort comes while they are removed', async () => {
    const removal = deferred()
    vi.spyOn(provider, 'deleteAll').mockReturnValue(removal.promise)
    await using s = scope({ persistence: { checkpoint: provider } })
    const task = s.task(() => 'done', { checkpoint: {}, timeout: 10 })
    await vi.advanceTimersByTimeAsync(10)
    expect(await task).toEqual([undefined, 'done'])
    removal.resolve()
  })

  it('keeps them after a failure, a time-out and an abort', async () => {
    const controller = new AbortController()
    await using s = scope({ persistence: { checkpoint: provider }, signal: controller.signal })
    const save = async (ctx: TaskContext) => {
      await of(ctx).save(1)
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
    for (const id of ['failed', 'timed-out', 'aborted']) expect(await provider.list(id)).toHaveLength(1)
  })
})

describe('a retry', () => {
  it('sees the newest checkpoint, as it was saved', async () => {
    await using s = scope({ persistence: { checkpoint: provider } })
    const seen: unknown[] = []
    const task = s.task(
      async (ctx) => {
        seen.push(structuredClone(of(ctx).data))
        const state = { n: ((of(ctx).data as { n: number } | undefined)?.n ?? 0) + 1 }
        await of(ctx).save(state)
        state.n = 99
        expect(of(ctx).data).toEqual(seen.at(-1))
        await stop()
      },
      { checkpoint: {}, retry: { max: 2, delay: 1 } },
    )
    await vi.advanceTimersByTimeAsync(10)
    await task
    expect(seen).toEqual([undefined, { n: 1 }, { n: 2 }])
  })
})

describe('auto', () => {
  const run = (fn: (ctx: TaskContext) => unknown, checkpoint = {}) => {
    const s = scope({ persistence: { checkpoint: provider } })
    return { s, task: s.task(fn, { id: 'job', checkpoint: { interval: 1000, ...checkpoint } }) }
  }
  const saved = async () => (await provider.list('job')).map(({ data }) => data)

  it('saves the state every interval, when it is new', async () => {
    const state = { rows: [0], at: new Map([['a', 1]]) }
    const { s } = run((ctx) => {
      of(ctx).auto(() => state)
      return new Promise(() => {})
    })
    await vi.advanceTimersByTimeAsync(999)
    expect(await saved()).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    expect(await saved()).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(5000)
    expect(await saved()).toHaveLength(1)
    state.at.set('a', 2)
    await vi.advanceTimersByTimeAsync(1000)
    expect(await saved()).toEqual([
      { rows: [0], at: new Map([['a', 1]]) },
      { rows: [0], at: new Map([['a', 2]]) },
    ])
    await s[Symbol.asyncDispose]()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('does not save what it was resumed from, until it has changed', async () => {
    await provider.save(point(1, { rows: [0] }))
    const { s } = run((ctx) => {
      const state = of(ctx).data as { rows: number[] }
      of(ctx).auto(() => state)
      setTimeout(() => state.rows.push(1), 1500)
      return new Promise(() => {})
    })
    await vi.advanceTimersByTimeAsync(1000)
    expect(await saved()).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1000)
    expect(await saved()).toEqual([{ rows: [0] }, { rows: [0, 1] }])
    await s[Symbol.asyncDispose]()
  })

  it('stops with its answer, with the task, and with the run of the function', async () => {
    let n = 0
    const { s, task } = run(async (ctx) => {
      const off = of(ctx).auto(() => ++n)
      await s.delay(2500)
      off()
      await s.delay(5000)
    })
    await vi.advanceTimersByTimeAsync(7500)
    await task
    expect(n).toBe(2)
    const again = run(async (ctx) => {
      of(ctx).auto(() => ++n)
      await s.delay(1500)
      await stop()
    }, {})
    await vi.advanceTimersByTimeAsync(60_000)
    await again.task
    expect(n).toBe(3)
    expect(vi.getTimerCount()).toBe(0)
    await Promise.all([s, again.s].map((each) => each[Symbol.asyncDispose]()))
  })

  it('of a run that failed does not go on in the next one', async () => {
    const snapshot = vi.fn(() => 1)
    let runs = 0
    await using retrying = scope({ persistence: { checkpoint: provider } })
    void retrying.task(
      (ctx) => {
        if (++runs > 1) return new Promise(() => {})
        of(ctx).auto(snapshot)
        return stop()
      },
      { checkpoint: { interval: 1000 }, retry: { delay: 1 } },
    )
    await vi.advanceTimersByTimeAsync(5000)
    expect(runs).toBe(2)
    expect(snapshot).not.toHaveBeenCalled()
  })

  it('cannot be begun by a function whose task is over', async () => {
    const end = deferred()
    await using s = scope({ persistence: { checkpoint: provider } })
    const task = s.task(
      async (ctx) => {
        await end.promise
        of(ctx).auto(() => 1)
      },
      { checkpoint: { interval: 1000 }, timeout: 10 },
    )
    await vi.advanceTimersByTimeAsync(10)
    await task
    end.resolve()
    await vi.advanceTimersByTimeAsync(0)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('cannot fail the task, nor reject unhandled', async () => {
    const onError = vi.fn()
    await using s = scope({ persistence: { checkpoint: provider }, hooks: { onError } })
    vi.spyOn(provider, 'save').mockRejectedValue(new Error('disk'))
    let calls = 0
    const task = s.task(
      async (ctx) => {
        of(ctx).auto(() => {
          if (++calls === 1) throw new Error('snapshot')
          return calls
        })
        await s.delay(2500)
      },
      { checkpoint: { interval: 1000 } },
    )
    await vi.advanceTimersByTimeAsync(2500)
    expect(await task).toEqual([undefined, undefined])
    expect(onError.mock.calls).toEqual([
      [new Error('snapshot'), 'checkpoint.auto'],
      [new Error('disk'), 'checkpoint.save'],
    ])
  })
})

describe('resumeTask', () => {
  it('rejects without a provider', async () => {
    await using s = scope()
    await expect(s.resumeTask('job', () => 1)).rejects.toThrow('No checkpoint provider configured')
  })

  it('rejects when nothing is stored and that is required, else starts fresh', async () => {
    await using s = scope({ persistence: { checkpoint: provider } })
    await expect(s.resumeTask('job', () => 1, { requireExisting: true })).rejects.toThrow(
      'No checkpoint found for task ID: job',
    )
    expect(await s.resumeTask('job', (ctx) => of(ctx).data)).toEqual([undefined, undefined])
  })

  it('goes on from the newest checkpoint, calling onResume once, and removes it after', async () => {
    await provider.save(point(3, 'state'))
    const load = vi.spyOn(provider, 'loadLatest')
    const onResume = vi.fn()
    await using s = scope({ persistence: { checkpoint: provider } })
    const result = await s.resumeTask('job', (ctx) => of(ctx).data, { requireExisting: true, checkpoint: { onResume } })
    expect(result).toEqual([undefined, 'state'])
    expect(onResume).toHaveBeenCalledOnce()
    expect(load).toHaveBeenCalledTimes(2)
    expect(await provider.list('job')).toEqual([])
  })

  it('looks at the state every 60 s unless told otherwise', async () => {
    await using s = scope({ persistence: { checkpoint: provider } })
    const snapshot = vi.fn(() => 1)
    const hang = (ctx: TaskContext) => {
      of(ctx).auto(snapshot)
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
    await using s = scope({ persistence: { checkpoint: provider } })
    expect((await s.resumeTask('job', stop))[0]).toMatchObject({ message: 'stop' })
  })
})

it('createCheckpointContext works without a scope', async () => {
  const checkpoints = createCheckpointContext<number>({ provider, taskId: 'job', latest: { ...point(4, 4), data: 4 } })
  expect(checkpoints.data).toBe(4)
  await checkpoints.save(5)
  expect(await provider.loadLatest('job')).toMatchObject({ sequence: 5, data: 5, progress: 0 })
})
