import { type CheckpointedTaskContext, scope } from 'go-go-scope'
import { describe, expect, it, vi } from 'vitest'
import { checkpointStore, point, stop } from './support/checkpoint-store.js'
import { deferred } from './support/deferred.js'

const store = checkpointStore()

describe('checkpoint.auto', () => {
  const run = (fn: (ctx: CheckpointedTaskContext) => unknown, checkpoint = {}) => {
    const s = scope({ persistence: { checkpoint: store.provider } })
    return { s, task: s.task(fn, { id: 'job', checkpoint: { interval: 1000, ...checkpoint } }) }
  }
  /** Runs a task that is retried once. */
  const retried = (fn: (ctx: CheckpointedTaskContext, run: number) => unknown) => {
    const s = scope({ persistence: { checkpoint: store.provider } })
    let runs = 0
    const options = { id: 'job', checkpoint: { interval: 1000 }, retry: { max: 1, delay: 1 } }
    return { s, task: s.task((ctx) => fn(ctx, ++runs), options) }
  }
  const saved = async () => (await store.provider.list('job')).map(({ data }) => data)

  it('saves the state every interval when it has changed', async () => {
    const state = { rows: [0], at: new Map([['a', 1]]) }
    const { s } = run((ctx) => {
      ctx.checkpoint.auto(() => state)
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

  it('saves nothing and looks no more when it is stopped while it takes a snapshot', async () => {
    const snapshot = deferred<string>()
    const { s } = run((ctx) => {
      const stopAuto = ctx.checkpoint.auto(() => snapshot.promise)
      setTimeout(stopAuto, 1500)
      return new Promise(() => {})
    })
    await vi.advanceTimersByTimeAsync(1500)
    snapshot.resolve('late')
    await vi.advanceTimersByTimeAsync(0)
    expect(await saved()).toEqual([])
    expect(vi.getTimerCount()).toBe(0)
    await s[Symbol.asyncDispose]()
  })

  it('does not save the state that it was resumed from until that has changed', async () => {
    await store.provider.save(point(1, { rows: [0] }))
    const { s } = run((ctx) => {
      const state = ctx.checkpoint.data as { rows: number[] }
      ctx.checkpoint.auto(() => state)
      setTimeout(() => state.rows.push(1), 1500)
      return new Promise(() => {})
    })
    await vi.advanceTimersByTimeAsync(1000)
    expect(await saved()).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1000)
    expect(await saved()).toEqual([{ rows: [0] }, { rows: [0, 1] }])
    await s[Symbol.asyncDispose]()
  })

  it('stops when the returned function is called, and at the end of the run and of the task', async () => {
    let n = 0
    const { s, task } = run(async (ctx) => {
      const off = ctx.checkpoint.auto(() => ++n)
      await s.delay(2500)
      off()
      await s.delay(5000)
    })
    await vi.advanceTimersByTimeAsync(7500)
    await task
    expect(n).toBe(2)
    const again = run(async (ctx) => {
      ctx.checkpoint.auto(() => ++n)
      await s.delay(1500)
      await stop()
    }, {})
    await vi.advanceTimersByTimeAsync(60_000)
    await again.task
    expect(n).toBe(3)
    expect(vi.getTimerCount()).toBe(0)
    await Promise.all([s, again.s].map((each) => each[Symbol.asyncDispose]()))
  })

  it('of a failed run does not go on in its retry', async () => {
    const snapshot = vi.fn(() => 1)
    const again = vi.fn()
    const { s } = retried((ctx, run) => {
      if (run > 1) return new Promise(again)
      ctx.checkpoint.auto(snapshot)
      return stop()
    })
    await vi.advanceTimersByTimeAsync(5000)
    expect(again).toHaveBeenCalledOnce()
    expect(snapshot).not.toHaveBeenCalled()
    await s[Symbol.asyncDispose]()
  })

  it('saves what a retry changes in the data that it got', async () => {
    const { s, task } = retried(async ({ checkpoint }, run) => {
      if (run === 1) {
        await checkpoint.save({ done: 0 })
        await stop()
      }
      const state = checkpoint.data as { done: number }
      checkpoint.auto(() => state)
      for (state.done = 1; state.done < 3; state.done++) await s.delay(1000)
      await stop()
    })
    await vi.advanceTimersByTimeAsync(5000)
    await task
    expect(await saved()).toEqual([{ done: 0 }, { done: 1 }, { done: 2 }])
    await s[Symbol.asyncDispose]()
  })

  it('does not start once the task has settled', async () => {
    const end = deferred()
    await using s = scope({ persistence: { checkpoint: store.provider } })
    const task = s.task(
      async (ctx) => {
        await end.promise
        ctx.checkpoint.auto(() => 1)
      },
      { checkpoint: { interval: 1000 }, timeout: 10 },
    )
    await vi.advanceTimersByTimeAsync(10)
    await task
    end.resolve()
    await vi.advanceTimersByTimeAsync(0)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('neither fails the task nor rejects unhandled', async () => {
    const onError = vi.fn()
    await using s = scope({ persistence: { checkpoint: store.provider }, hooks: { onError } })
    vi.spyOn(store.provider, 'save').mockRejectedValue(new Error('disk'))
    let calls = 0
    const task = s.task(
      async (ctx) => {
        ctx.checkpoint.auto(() => {
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
