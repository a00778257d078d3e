import { decorrelatedJitter, exponentialBackoff, jitter, linear, type RetryOptions, scope } from 'go-go-scope'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

/** Returns the times in ms at which the runs of an always failing task begin. */
async function runsOf(retry: RetryOptions | 'exponential' | 'linear' | 'fixed'): Promise<number[]> {
  await using s = scope()
  const begun = performance.now()
  const runs: number[] = []
  const task = s.task(
    () => {
      runs.push(Math.round(performance.now() - begun))
      throw new Error(`run ${runs.length}`)
    },
    { retry },
  )
  await vi.runAllTimersAsync()
  expect((await task)[0]).toMatchObject({ message: `run ${runs.length}` })
  return runs
}

describe('retry', () => {
  it('tries max times again, 3 by default, and ends with the last error', async () => {
    expect(await runsOf({ max: 2, delay: 10 })).toEqual([0, 10, 20])
    expect(await runsOf({ delay: 10 })).toHaveLength(4)
    expect(await runsOf({ max: 0 })).toEqual([0])
  })

  it('waits 100, 200, 400 ... up to 30000 ms by default', async () => {
    const runs = await runsOf({ max: 11 })
    const waits = runs.slice(1).map((time, index) => time - (runs[index] as number))
    expect(waits).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000, 30000])
  })

  it.each([Number.NaN, undefined, '100', null])(
    'ends, and reports, where the delay function gives %s',
    async (wait) => {
      const onError = vi.fn()
      await using s = scope({ hooks: { onError } })
      const failing = vi.fn(() => Promise.reject(new Error('down')))
      const task = s.task(failing, { retry: { delay: () => wait as number } })
      expect((await task)[0]).toMatchObject({ message: 'down' })
      expect(failing).toHaveBeenCalledTimes(1)
      expect(onError).toHaveBeenCalledWith(
        expect.objectContaining({ message: `retry: the delay function must return a number of ms, got ${wait}` }),
        'retry',
      )
    },
  )

  it('has the strategies exponential, linear and fixed', async () => {
    expect(await runsOf('exponential')).toEqual([0, 100, 300, 700])
    expect(await runsOf('linear')).toEqual([0, 1000, 3000, 6000])
    expect(await runsOf('fixed')).toEqual([0, 1000, 2000, 3000])
  })

  it('calls a delay function with attempt and error', async () => {
    const delay = vi.fn((attempt: number) => attempt * 7)
    expect(await runsOf({ max: 2, delay })).toEqual([0, 7, 21])
    expect(delay.mock.calls).toEqual([
      [1, new Error('run 1')],
      [2, new Error('run 2')],
    ])
  })

  it('stops when if says so', async () => {
    const condition = vi.fn((error: unknown) => (error as Error).message !== 'run 2')
    expect(await runsOf({ if: condition, delay: 1 })).toHaveLength(2)
  })

  it('calls onRetry with error and attempt before each retry', async () => {
    const onRetry = vi.fn()
    await runsOf({ max: 2, delay: 1, onRetry })
    expect(onRetry.mock.calls).toEqual([
      [new Error('run 1'), 1],
      [new Error('run 2'), 2],
    ])
  })

  it('ends with a success', async () => {
    await using s = scope()
    let runs = 0
    const task = s.task(() => (++runs < 3 ? Promise.reject(new Error('x')) : runs), { retry: { delay: 1 } })
    await vi.runAllTimersAsync()
    expect(await task).toEqual([undefined, 3])
  })

  it('ends its wait on abort, and does not run again', async () => {
    const controller = new AbortController()
    await using s = scope({ signal: controller.signal })
    const fn = vi.fn(() => Promise.reject(new Error('x')))
    const task = s.task(fn, { retry: 'fixed' })
    await vi.advanceTimersByTimeAsync(500)
    controller.abort('stop')
    expect(await task).toEqual(['stop', undefined])
    await vi.advanceTimersByTimeAsync(5000)
    expect(fn).toHaveBeenCalledOnce()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('calls no callback for a failure that the abort has caused', async () => {
    await using s = scope()
    const retry = { if: vi.fn(() => true), onRetry: vi.fn() }
    const rejected = new Error('because of the abort')
    const fn = ({ signal }: { signal: AbortSignal }) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(rejected)))
    await vi.advanceTimersByTimeAsync(0)
    s.task(fn, { retry })[Symbol.dispose]()
    await vi.advanceTimersByTimeAsync(1000)
    expect(retry.if).not.toHaveBeenCalled()
    expect(retry.onRetry).not.toHaveBeenCalled()
  })

  it.each(['if', 'delay', 'onRetry'])('ends with the error of the function when %s throws', async (callback) => {
    const onError = vi.fn()
    await using s = scope({ hooks: { onError } })
    const retry = {
      max: 1,
      delay: 1,
      [callback]: () => {
        throw new Error('callback')
      },
    }
    const task = s.task(() => Promise.reject(new Error('own')), { retry })
    await vi.runAllTimersAsync()
    expect((await task)[0]).toMatchObject({ message: 'own' })
    expect(onError).toHaveBeenCalledExactlyOnceWith(new Error('callback'), expect.stringContaining('retry'))
  })
})

describe('retry delays', () => {
  const times = (delay: (attempt: number, error: unknown) => number, count: number) =>
    Array.from({ length: count }, (_, index) => delay(index + 1, undefined))

  it('exponentialBackoff', () => {
    expect(times(exponentialBackoff(), 4)).toEqual([100, 200, 400, 800])
    expect(times(exponentialBackoff({ initial: 10, multiplier: 3, max: 50 }), 4)).toEqual([10, 30, 50, 50])
  })

  it('exponentialBackoff with jitter stays around, with full jitter below', () => {
    const random = vi.spyOn(Math, 'random')
    random.mockReturnValue(0)
    expect(exponentialBackoff({ jitter: 0.2 })(1, undefined)).toBeCloseTo(80)
    expect(exponentialBackoff({ fullJitter: true })(1, undefined)).toBe(0)
    random.mockReturnValue(0.999999)
    expect(exponentialBackoff({ jitter: 0.2 })(1, undefined)).toBeCloseTo(120)
    expect(exponentialBackoff({ fullJitter: true })(1, undefined)).toBeCloseTo(100)
    expect(exponentialBackoff({ jitter: 0.5, max: 100 })(9, undefined)).toBe(100)
  })

  it('jitter', () => {
    const random = vi.spyOn(Math, 'random')
    random.mockReturnValue(0)
    expect(jitter(1000)(1, undefined)).toBeCloseTo(900)
    random.mockReturnValue(0.999999)
    expect(jitter(1000, 0.5)(1, undefined)).toBeCloseTo(1500)
  })

  it('linear', () => {
    expect(times(linear(10, 5), 3)).toEqual([10, 15, 20])
  })

  it('decorrelatedJitter grows from the delay before, within its bounds, and starts again', () => {
    const random = vi.spyOn(Math, 'random').mockReturnValue(0.999999)
    const delay = decorrelatedJitter({ initial: 100, max: 1000 })
    expect(times(delay, 3).map(Math.round)).toEqual([300, 900, 1000])
    expect(Math.round(delay(1, undefined))).toBe(300)
    random.mockReturnValue(0)
    expect(times(delay, 3)).toEqual([100, 100, 100])
  })
})
