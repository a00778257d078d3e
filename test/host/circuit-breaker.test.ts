import { CircuitBreaker, type CircuitBreakerOptions, scope } from 'go-go-scope'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { deferred } from './support/deferred.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const ok = () => 'ok'
const boom = () => Promise.reject(new Error('boom'))

async function fail(breaker: CircuitBreaker, times = 1): Promise<void> {
  for (let i = 0; i < times; i++) await expect(breaker.execute(boom)).rejects.toThrow('boom')
}

/** Returns an open breaker, one reset timeout before half-open. */
async function opened(options: CircuitBreakerOptions = {}): Promise<CircuitBreaker> {
  const breaker = new CircuitBreaker({ failureThreshold: 1, resetTimeout: 1000, ...options })
  await fail(breaker)
  expect(breaker.currentState).toBe('open')
  return breaker
}

describe('closed', () => {
  it('opens at the threshold, 5 by default', async () => {
    const breaker = new CircuitBreaker()
    await fail(breaker, 4)
    expect([breaker.currentState, breaker.failureCount]).toEqual(['closed', 4])
    await fail(breaker)
    expect([breaker.currentState, breaker.failureCount]).toEqual(['open', 5])
    expect([breaker.failureThreshold, breaker.resetTimeout, breaker.successThreshold]).toEqual([5, 30_000, 1])
  })

  it('counts failures in a row: a success resets the count', async () => {
    const breaker = new CircuitBreaker({ failureThreshold: 2 })
    for (let i = 0; i < 3; i++) {
      await fail(breaker)
      expect(await breaker.execute(ok)).toBe('ok')
    }
    expect([breaker.currentState, breaker.failureCount]).toEqual(['closed', 0])
  })
})

describe('open', () => {
  it('fails calls without running them', async () => {
    const breaker = await opened()
    const fn = vi.fn()
    await expect(breaker.execute(fn)).rejects.toThrow('Circuit breaker is open')
    expect(fn).not.toHaveBeenCalled()
  })

  it('is half-open as soon as the reset time is over, without an event before a call', async () => {
    const breaker = await opened()
    const halfOpen = vi.fn()
    breaker.on('halfOpen', halfOpen)
    vi.advanceTimersByTime(999)
    expect(breaker.currentState).toBe('open')
    vi.advanceTimersByTime(1)
    expect(breaker.currentState).toBe('half-open')
    expect(halfOpen).not.toHaveBeenCalled()
    await breaker.execute(ok)
    expect(halfOpen).toHaveBeenCalledOnce()
  })

  it('is not closed by the late success of an earlier call', async () => {
    const breaker = new CircuitBreaker({ failureThreshold: 1 })
    const end = deferred()
    const late = breaker.execute(() => end.promise)
    await fail(breaker)
    end.resolve()
    await late
    expect(breaker.currentState).toBe('open')
  })

  it('is not prolonged by the late failure of an earlier call', async () => {
    const breaker = new CircuitBreaker({ failureThreshold: 1, resetTimeout: 1000 })
    const end = deferred()
    const late = breaker.execute(() => end.promise)
    await fail(breaker)
    vi.advanceTimersByTime(900)
    end.reject(new Error('late'))
    await expect(late).rejects.toThrow('late')
    vi.advanceTimersByTime(100)
    expect(breaker.currentState).toBe('half-open')
  })
})

describe('half-open', () => {
  it('closes after successThreshold successes', async () => {
    const breaker = await opened({ successThreshold: 2 })
    vi.advanceTimersByTime(1000)
    await breaker.execute(ok)
    expect([breaker.currentState, breaker.successCount]).toEqual(['half-open', 1])
    await breaker.execute(ok)
    expect([breaker.currentState, breaker.successCount, breaker.failureCount]).toEqual(['closed', 0, 0])
  })

  it('opens again at one failure, for the whole reset time', async () => {
    const breaker = await opened({ successThreshold: 2 })
    vi.advanceTimersByTime(1000)
    await breaker.execute(ok)
    await fail(breaker)
    vi.advanceTimersByTime(999)
    expect(breaker.currentState).toBe('open')
  })

  it('admits one call at a time', async () => {
    const breaker = await opened({ successThreshold: 2 })
    vi.advanceTimersByTime(1000)
    const end = deferred<string>()
    const probe = breaker.execute(() => end.promise)
    await expect(breaker.execute(ok)).rejects.toThrow('Circuit breaker is open')
    end.resolve('probe')
    expect(await probe).toBe('probe')
    expect(await breaker.execute(ok)).toBe('ok')
  })

  it.each(['never ends', 'ends late'])(
    'lets another call probe when a probe takes longer than the reset time and %s',
    async (how) => {
      const breaker = await opened()
      vi.advanceTimersByTime(1000)
      const end = deferred<string>()
      const hangs = breaker.execute(() => end.promise)
      vi.advanceTimersByTime(999)
      await expect(breaker.execute(ok)).rejects.toMatchObject({ retryAt: Date.now() + 1 })
      vi.advanceTimersByTime(1)
      if (how === 'ends late') {
        end.resolve('late')
        expect(await hangs).toBe('late')
        expect(breaker.currentState).toBe('closed')
      }
      expect(await breaker.execute(ok)).toBe('ok')
      expect(breaker.currentState).toBe('closed')
    },
  )

  it('is not closed by the late success of a call from before it opened', async () => {
    const breaker = new CircuitBreaker({ failureThreshold: 1, resetTimeout: 1000, successThreshold: 2 })
    const end = deferred()
    const late = breaker.execute(() => end.promise)
    await fail(breaker)
    vi.advanceTimersByTime(1000)
    const probe = deferred()
    const probing = breaker.execute(() => probe.promise)
    end.resolve()
    await late
    expect([breaker.currentState, breaker.successCount]).toEqual(['half-open', 0])
    await expect(breaker.execute(ok)).rejects.toThrow('Circuit breaker is open')
    probe.resolve()
    await probing
  })

  it('admits no second call when a call from before it opened is aborted', async () => {
    const breaker = new CircuitBreaker({ failureThreshold: 1, resetTimeout: 1000 })
    const end = deferred()
    const early = breaker.execute(
      () => end.promise,
      () => true,
    )
    await fail(breaker)
    vi.advanceTimersByTime(1000)
    void breaker.execute(() => new Promise(() => {}))
    end.reject('stop')
    await expect(early).rejects.toBe('stop')
    await expect(breaker.execute(ok)).rejects.toThrow('Circuit breaker is open')
  })

  it('gives a probe 1 ms when the reset timeout is 0', async () => {
    const breaker = new CircuitBreaker({ failureThreshold: 1, resetTimeout: 0 })
    await fail(breaker)
    void breaker.execute(() => new Promise(() => {}))
    await expect(breaker.execute(ok)).rejects.toThrow('Circuit breaker is open')
    vi.advanceTimersByTime(1)
    expect(await breaker.execute(ok)).toBe('ok')
  })

  it('lets the next call probe after an aborted probe', async () => {
    const controller = new AbortController()
    const breakerOptions = { key: 'aborted probe', failureThreshold: 1, resetTimeout: 1000 }
    await using s = scope()
    await s.task(boom, { circuitBreaker: breakerOptions })
    vi.advanceTimersByTime(1000)
    const child = s.createChild({ signal: controller.signal })
    const probe = child.task(() => new Promise(() => {}), { circuitBreaker: breakerOptions })
    controller.abort('stop')
    expect(await probe).toEqual(['stop', undefined])
    expect(await s.task(ok, { circuitBreaker: breakerOptions })).toEqual([undefined, 'ok'])
  })
})

describe('events and hooks', () => {
  it('come in the documented order at opening', async () => {
    const order: unknown[] = []
    const note =
      (name: string) =>
      (...args: unknown[]) =>
        void order.push([name, ...args])
    const breaker = new CircuitBreaker({
      failureThreshold: 1,
      resetTimeout: 10,
      onStateChange: note('onStateChange'),
      onOpen: note('onOpen'),
      onClose: note('onClose'),
      onHalfOpen: note('onHalfOpen'),
    })
    for (const event of ['stateChange', 'open', 'close', 'halfOpen', 'success', 'failure'] as const) {
      breaker.on(event, note(event))
    }
    await fail(breaker)
    expect(order.splice(0)).toEqual([
      ['onStateChange', 'closed', 'open', 1],
      ['onOpen', 1],
      ['stateChange', 'closed', 'open', 1],
      ['open', 1],
      ['failure'],
    ])
    vi.advanceTimersByTime(10)
    await breaker.execute(ok)
    expect(order.map((entry) => (entry as string[])[0])).toEqual(
      ['onStateChange', 'onHalfOpen', 'stateChange', 'halfOpen'].concat([
        'onStateChange',
        'onClose',
        'stateChange',
        'close',
        'success',
      ]),
    )
  })

  it('are unsubscribed by off, by the function that on returns, and after one event by once', async () => {
    const breaker = new CircuitBreaker()
    const listeners = [vi.fn(), vi.fn(), vi.fn(), vi.fn()] as const
    breaker.on('success', listeners[0])
    breaker.off('success', listeners[0])
    breaker.on('success', listeners[1])()
    breaker.once('success', listeners[2])
    breaker.on('success', listeners[3])
    await breaker.execute(ok)
    await breaker.execute(ok)
    expect(listeners.map((listener) => listener.mock.calls.length)).toEqual([0, 0, 1, 2])
  })

  it('that throw do not replace the error or result of the call', async () => {
    const broken = () => {
      throw new Error('listener')
    }
    const breaker = new CircuitBreaker({ failureThreshold: 1, onStateChange: broken, onOpen: broken })
    for (const event of ['stateChange', 'open', 'failure', 'success'] as const) breaker.on(event, broken)
    expect(await breaker.execute(ok)).toBe('ok')
    await fail(breaker)
    expect(breaker.currentState).toBe('open')
  })
})

describe('reset and dispose', () => {
  it('reset closes silently', async () => {
    const onStateChange = vi.fn()
    const breaker = await opened({ onStateChange })
    onStateChange.mockClear()
    await breaker.reset()
    expect([breaker.currentState, breaker.failureCount]).toEqual(['closed', 0])
    expect(onStateChange).not.toHaveBeenCalled()
  })

  it('dispose resets and drops the listeners', async () => {
    const breaker = await opened()
    const success = vi.fn()
    breaker.on('success', success)
    await breaker[Symbol.asyncDispose]()
    expect(await breaker.execute(ok)).toBe('ok')
    expect(success).not.toHaveBeenCalled()
  })

  it('runs nothing once its signal is aborted', async () => {
    const breaker = new CircuitBreaker({}, AbortSignal.abort('stop'))
    await expect(breaker.execute(ok)).rejects.toMatchObject({ _tag: 'AbortError', reason: 'stop' })
  })
})

describe('advanced options', () => {
  it('adapt the threshold from 5 requests on, from max to min as the error rate rises to 50 %', async () => {
    const onThresholdAdapt = vi.fn()
    const event = vi.fn()
    const breaker = new CircuitBreaker({ advanced: { adaptiveThreshold: true, onThresholdAdapt } })
    breaker.on('thresholdAdapt', event)
    for (let i = 0; i < 4; i++) await breaker.execute(ok)
    expect(breaker.failureThreshold).toBe(5)
    await breaker.execute(ok)
    expect([breaker.failureThreshold, breaker.errorRate]).toEqual([10, 0])
    await fail(breaker)
    await breaker.execute(ok)
    await breaker.execute(ok)
    expect([breaker.failureThreshold, breaker.errorRate]).toEqual([8, 1 / 8])
    expect(onThresholdAdapt).toHaveBeenLastCalledWith(8, 1 / 7)
    expect(event).toHaveBeenLastCalledWith(8, 1 / 7)
    for (let i = 0; i < 6; i++) await breaker.execute(boom).catch(() => {})
    expect([breaker.failureThreshold, breaker.currentState]).toEqual([3, 'open'])
  })

  it('adapt the threshold no lower than minThreshold', async () => {
    const breaker = new CircuitBreaker({ advanced: { adaptiveThreshold: true, minThreshold: 4, maxThreshold: 6 } })
    for (const fn of [ok, boom, boom, boom, ok]) await breaker.execute(fn).catch(() => {})
    expect([breaker.errorRate, breaker.failureThreshold]).toEqual([0.6, 4])
  })

  it('forget outcomes that have left the error-rate window', async () => {
    const breaker = new CircuitBreaker({ advanced: { adaptiveThreshold: true, errorRateWindowMs: 1000 } })
    await fail(breaker)
    await breaker.execute(ok)
    expect(breaker.errorRate).toBe(0.5)
    vi.advanceTimersByTime(1100)
    expect(breaker.errorRate).toBe(0)
  })

  it('count the failures within the sliding window, also with successes in between', async () => {
    const advanced = { slidingWindow: true, slidingWindowSizeMs: 1000 }
    const breaker = new CircuitBreaker({ failureThreshold: 3, advanced })
    await fail(breaker, 2)
    vi.advanceTimersByTime(1100)
    await fail(breaker, 2)
    expect([breaker.currentState, breaker.failureCount]).toEqual(['closed', 2])
    await breaker.execute(ok)
    await fail(breaker)
    expect(breaker.currentState).toBe('open')
  })

  it('forget a failure when the sliding window has passed, neither earlier nor later', async () => {
    const breaker = new CircuitBreaker({ advanced: { slidingWindow: true, slidingWindowSizeMs: 600 } })
    await fail(breaker)
    vi.advanceTimersByTime(599)
    expect(breaker.failureCount).toBe(1)
    vi.advanceTimersByTime(1)
    expect(breaker.failureCount).toBe(0)
  })

  it('begin anew when the circuit closes', async () => {
    const breaker = new CircuitBreaker({ failureThreshold: 3, resetTimeout: 1000, advanced: { slidingWindow: true } })
    await fail(breaker, 3)
    vi.advanceTimersByTime(1000)
    await breaker.execute(ok)
    await fail(breaker, 2)
    expect([breaker.currentState, breaker.failureCount]).toEqual(['closed', 2])
  })

  it('do not let a failed probe pass when the earlier failures have left the sliding window', async () => {
    const advanced = { slidingWindow: true, slidingWindowSizeMs: 100 }
    const breaker = new CircuitBreaker({ failureThreshold: 3, resetTimeout: 1000, advanced })
    await fail(breaker, 3)
    vi.advanceTimersByTime(1000)
    await fail(breaker)
    expect(breaker.currentState).toBe('open')
  })
})
