import { Semaphore, scope } from 'go-go-scope'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { deferred } from './support/deferred.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('concurrency of a scope', () => {
  it('limits how many tasks run at a time', async () => {
    await using s = scope({ concurrency: 2 })
    const ends = [deferred(), deferred(), deferred()]
    const started: number[] = []
    const tasks = ends.map((end, index) =>
      s.task(() => {
        started.push(index)
        return end.promise
      }),
    )
    await vi.advanceTimersByTimeAsync(0)
    expect(started).toEqual([0, 1])
    ends[0]?.resolve()
    await tasks[0]
    await vi.advanceTimersByTimeAsync(0)
    expect(started).toEqual([0, 1, 2])
    for (const end of ends) end.resolve()
    await Promise.all(tasks)
  })

  it.each([0, -1, undefined])('has no limit at %s', async (concurrency) => {
    await using s = scope(concurrency === undefined ? {} : { concurrency })
    const fn = vi.fn(() => new Promise(() => {}))
    for (let i = 0; i < 50; i++) void s.task(fn)
    expect(fn).toHaveBeenCalledTimes(50)
  })

  it('serves higher priority first, first come first within one', async () => {
    await using s = scope({ concurrency: 1 })
    const order: string[] = []
    const end = deferred()
    void s.task(() => end.promise)
    const wanted: [string, number?][] = [['a'], ['b'], ['high', 5], ['low', -1], ['also high', 5]]
    const tasks = wanted.map(([name, priority]) =>
      s.task(() => void order.push(name), priority === undefined ? {} : { priority }),
    )
    end.resolve()
    await Promise.all(tasks)
    expect(order).toEqual(['high', 'also high', 'a', 'b', 'low'])
  })

  it('keeps the permit of a timed-out task until its function ends', async () => {
    await using s = scope({ concurrency: 1 })
    const end = deferred()
    const slow = s.task(() => end.promise, { timeout: 100 })
    const fn = vi.fn()
    const next = s.task(fn)
    await vi.advanceTimersByTimeAsync(200)
    await slow
    expect(fn).not.toHaveBeenCalled()
    end.resolve()
    await next
    expect(fn).toHaveBeenCalledOnce()
  })

  it('gives the permit of a task that timed out while waiting to the next task', async () => {
    await using s = scope({ concurrency: 1 })
    const end = deferred()
    void s.task(() => end.promise)
    const impatient = s.task(() => 'impatient', { timeout: 10 })
    const patient = s.task(() => 'patient')
    await vi.advanceTimersByTimeAsync(10)
    await impatient
    end.resolve()
    expect(await patient).toEqual([undefined, 'patient'])
  })
})

describe('Semaphore', () => {
  it('counts permits and waiting calls', async () => {
    const semaphore = new Semaphore(2)
    const end = deferred()
    const running = [semaphore.acquire(() => end.promise), semaphore.acquire(() => end.promise)]
    const waiting = semaphore.acquire(() => 'third')
    expect(semaphore.totalPermits).toBe(2)
    await null
    expect([semaphore.available, semaphore.waiting]).toEqual([0, 1])
    end.resolve()
    await Promise.all(running)
    expect(await waiting).toBe('third')
    expect([semaphore.available, semaphore.waiting]).toEqual([2, 0])
  })

  it('releases the permit when the function throws', async () => {
    const semaphore = new Semaphore(1)
    await expect(
      semaphore.acquire(() => {
        throw new Error('x')
      }),
    ).rejects.toThrow('x')
    expect(semaphore.available).toBe(1)
  })

  it('tryAcquire runs the function at once or not at all', async () => {
    const semaphore = new Semaphore(1)
    const end = deferred<number>()
    const first = semaphore.tryAcquire(() => end.promise)
    expect(semaphore.tryAcquire(() => 2)).toBeNull()
    end.resolve(1)
    expect(await first).toBe(1)
    expect(await semaphore.tryAcquire(() => 3)).toBe(3)
  })

  it('serves by priority', async () => {
    const semaphore = new Semaphore(1)
    const end = deferred()
    const order: number[] = []
    const all = [semaphore.acquire(() => end.promise)]
    for (const priority of [0, 2, 1]) all.push(semaphore.acquire(() => void order.push(priority), priority))
    end.resolve()
    await Promise.all(all)
    expect(order).toEqual([2, 1, 0])
  })

  it('rejects waiting calls when it is disposed, and lets running functions end', async () => {
    const semaphore = new Semaphore(1)
    const end = deferred<string>()
    const running = semaphore.acquire(() => end.promise)
    const waiting = expect(semaphore.acquire(() => 1)).rejects.toThrow('Semaphore disposed')
    await semaphore[Symbol.asyncDispose]()
    await waiting
    await expect(semaphore.acquire(() => 1)).rejects.toThrow('Semaphore disposed')
    expect(semaphore.tryAcquire(() => 1)).toBeNull()
    end.resolve('done')
    expect(await running).toBe('done')
  })

  it('rejects waiting calls when its signal aborts', async () => {
    const controller = new AbortController()
    const semaphore = new Semaphore(1, controller.signal)
    void semaphore.acquire(() => new Promise(() => {}))
    const waiting = expect(semaphore.acquire(() => 1)).rejects.toBe('stop')
    controller.abort('stop')
    await waiting
  })

  it('stays fast with very many waiting calls', async () => {
    const semaphore = new Semaphore(1)
    const count = 100_000
    let served = 0
    const all = Array.from({ length: count }, (_, index) => semaphore.acquire(() => void served++, index % 3))
    const begun = process.hrtime.bigint()
    await Promise.all(all)
    expect(served).toBe(count)
    // A queue that needs O(n) per turn would take minutes.
    expect(Number(process.hrtime.bigint() - begun) / 1e6).toBeLessThan(10_000)
  })
})
