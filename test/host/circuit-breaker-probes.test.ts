import { CircuitBreaker, type CircuitBreakerPersistedState } from 'go-go-scope'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { deferred } from './support/deferred.js'
import { MemoryCircuitProvider } from './support/memory-circuit-provider.js'

beforeEach(() => {
  vi.useFakeTimers()
  vi.setSystemTime(1_000_000)
})
afterEach(() => void vi.useRealTimers())

const ok = () => 'ok'
const boom = () => Promise.reject(new Error('boom'))
const permit = { key: 'k', generation: 3, probe: 'p' }
const HALF_OPEN = { admitted: true, state: 'half-open', permit }
const CLOSED = { admitted: true, state: 'closed', permit: { key: 'k', generation: 4 } }
const stored = (state: CircuitBreakerPersistedState['state']) => ({ state, failureCount: state === 'closed' ? 0 : 1 })

/** An open circuit that is due for a probe, with a provider that shares probes; the test answers for the provider. */
function due() {
  let closed = false
  const provider = Object.assign(new MemoryCircuitProvider(), {
    admit: vi.fn(async (): Promise<unknown> => (closed ? CLOSED : HALF_OPEN)),
    succeeded: vi.fn(async (): Promise<unknown> => {
      closed = true
      return { counted: true, state: stored('closed') }
    }),
    failed: vi.fn(async (): Promise<unknown> => {
      closed = false
      return { counted: true, state: stored('open') }
    }),
    withdrawn: vi.fn(async () => {}),
  })
  provider.states.set('k', { state: 'open', failureCount: 1, lastFailureTime: 999_000 })
  const breaker = new CircuitBreaker({ provider, key: 'k', failureThreshold: 1, resetTimeout: 1000 })
  return { provider, breaker }
}

describe('a breaker whose provider gives permits', () => {
  it('asks for a permit before it probes, reports the success, and stores no state itself', async () => {
    const { provider, breaker } = due()
    expect(await breaker.execute(ok)).toBe('ok')
    expect(provider.admit).toHaveBeenCalledExactlyOnceWith('k', { resetTimeout: 1000 })
    expect(provider.succeeded).toHaveBeenCalledExactlyOnceWith(permit, 1)
    expect(breaker.currentState).toBe('closed')
    expect(provider.calls).toEqual(['getState k'])
  })

  it('reports a failed probe, and is open again', async () => {
    const { provider, breaker } = due()
    await expect(breaker.execute(boom)).rejects.toThrow('boom')
    expect(provider.failed).toHaveBeenCalledExactlyOnceWith(permit, 1)
    expect(breaker.currentState).toBe('open')
  })

  it('asks once while it is closed, and while it is open only after the reset time', async () => {
    const { provider, breaker } = due()
    for (let i = 0; i < 4; i++) await breaker.execute(ok)
    expect(provider.admit).toHaveBeenCalledTimes(2)
    await breaker.execute(boom).catch(() => {})
    expect(provider.failed).toHaveBeenCalledExactlyOnceWith(CLOSED.permit, 1)
    await expect(breaker.execute(ok)).rejects.toThrow('Circuit breaker is open')
    expect(provider.admit).toHaveBeenCalledTimes(2)
  })

  it('stays open when it has opened while other calls waited for their permits', async () => {
    const { provider, breaker } = due()
    provider.states.clear()
    provider.admit.mockResolvedValue(CLOSED)
    const changes = vi.fn()
    breaker.on('stateChange', changes)
    const calls = await Promise.allSettled([boom, boom, boom].map((fn) => breaker.execute(fn)))
    const reasons = calls.map((call) => call.status === 'rejected' && call.reason.message)
    expect(reasons).toEqual(['boom', 'Circuit breaker is open', 'Circuit breaker is open'])
    expect(changes.mock.calls).toEqual([['closed', 'open', 1]])
    expect(provider.failed).toHaveBeenCalledOnce()
  })

  it('refuses while another process probes', async () => {
    const { provider, breaker } = due()
    provider.admit.mockResolvedValue({ admitted: false, state: 'half-open', retryAt: 1_000_500 })
    const fn = vi.fn()
    await expect(breaker.execute(fn)).rejects.toThrow('Circuit breaker is open')
    expect(fn).not.toHaveBeenCalled()
  })

  it('stays open until retryAt when another process has opened it again', async () => {
    const { provider, breaker } = due()
    provider.admit.mockResolvedValueOnce({ admitted: false, state: 'open', retryAt: 1_000_700 })
    const changes = vi.fn()
    breaker.on('stateChange', changes)
    await expect(breaker.execute(ok)).rejects.toThrow('Circuit breaker is open')
    expect(changes).not.toHaveBeenCalled()
    vi.advanceTimersByTime(699)
    expect(breaker.currentState).toBe('open')
    vi.advanceTimersByTime(1)
    expect(await breaker.execute(ok)).toBe('ok')
  })

  it('is open when the store is, although no notification has come yet', async () => {
    const { provider, breaker } = due()
    provider.states.set('k', { state: 'closed', failureCount: 0 })
    provider.admit.mockResolvedValueOnce({ admitted: false, state: 'open', retryAt: 1_000_700 })
    await expect(breaker.execute(ok)).rejects.toThrow('Circuit breaker is open')
    expect(breaker.currentState).toBe('open')
    vi.advanceTimersByTime(700)
    const states = vi.fn()
    breaker.on('stateChange', states)
    expect(await breaker.execute(ok)).toBe('ok')
    expect(states.mock.calls.map(([, to]) => to)).toEqual(['half-open', 'closed'])
  })

  it('probes when the permit says so, although no notification of the opening has come yet', async () => {
    const { provider, breaker } = due()
    provider.states.set('k', { state: 'closed', failureCount: 0 })
    const states = vi.fn()
    breaker.on('stateChange', states)
    expect(await breaker.execute(ok)).toBe('ok')
    expect(states.mock.calls.map(([, to]) => to)).toEqual(['open', 'half-open', 'closed'])
    expect(provider.succeeded).toHaveBeenCalledExactlyOnceWith(permit, 1)
  })

  it('is closed when another process has closed it', async () => {
    const { provider, breaker } = due()
    provider.admit.mockResolvedValue(CLOSED)
    const changes = vi.fn()
    breaker.on('stateChange', changes)
    expect(await breaker.execute(ok)).toBe('ok')
    expect(changes.mock.calls).toEqual([['open', 'closed', 0]])
    expect(provider.succeeded).not.toHaveBeenCalled()
  })

  it('takes over the state of the store when its report does not count', async () => {
    const { provider, breaker } = due()
    provider.succeeded.mockResolvedValue({ counted: false, state: stored('open') })
    const close = vi.fn()
    breaker.on('close', close)
    expect(await breaker.execute(ok)).toBe('ok')
    expect(breaker.currentState).toBe('open')
    expect(close).not.toHaveBeenCalled()
  })

  it('withdraws an aborted probe', async () => {
    const { provider, breaker } = due()
    await expect(breaker.execute(boom, () => true)).rejects.toThrow('boom')
    expect(provider.withdrawn).toHaveBeenCalledExactlyOnceWith(permit)
    expect(provider.failed).not.toHaveBeenCalled()
  })

  it('withdraws a probe when another call of the process began to probe meanwhile', async () => {
    const { provider, breaker } = due()
    const end = deferred<string>()
    await breaker.execute(ok, undefined)
    provider.admit.mockClear()
    await breaker.execute(boom).catch(() => {})
    vi.advanceTimersByTime(1000)
    const first = breaker.execute(() => end.promise)
    const second = breaker.execute(ok)
    await expect(second).rejects.toThrow('Circuit breaker is open')
    expect(provider.admit).toHaveBeenCalledTimes(3)
    expect(provider.withdrawn).toHaveBeenCalledOnce()
    end.resolve('probe')
    expect(await first).toBe('probe')
  })

  it('withdraws the probe of a later period that it got for a late success', async () => {
    const { provider, breaker } = due()
    const later = { ...permit, generation: 5, probe: 'later' }
    provider.succeeded.mockResolvedValue({ counted: false, state: stored('half-open') })
    provider.admit.mockResolvedValueOnce(HALF_OPEN).mockResolvedValueOnce({ ...HALF_OPEN, permit: later })
    expect(await breaker.execute(ok)).toBe('ok')
    expect(provider.succeeded).toHaveBeenCalledOnce()
    expect(provider.withdrawn).toHaveBeenCalledExactlyOnceWith(later)
  })

  it('reports a late success once when it gets a place', async () => {
    const { provider, breaker } = due()
    const missed = { counted: false, state: stored('half-open') }
    provider.succeeded.mockResolvedValueOnce(missed).mockResolvedValueOnce(missed)
    provider.admit
      .mockResolvedValueOnce(HALF_OPEN)
      .mockResolvedValueOnce({ admitted: false, state: 'half-open', retryAt: 1_000_500 })
    await breaker.execute(ok)
    // The store wants one more success.
    provider.succeeded.mockResolvedValueOnce({ counted: true, state: stored('half-open') })
    const reports = await breaker.execute(() => provider.succeeded.mock.calls.length)
    expect(reports).toBe(3)
    expect(provider.succeeded).toHaveBeenCalledTimes(4)
  })

  it('continues without permits when the provider fails', async () => {
    const { provider, breaker } = due()
    provider.admit.mockRejectedValue(new Error('store'))
    expect(await breaker.execute(ok)).toBe('ok')
    expect(breaker.currentState).toBe('closed')
  })
})
