import { CircuitBreaker, scope } from 'go-go-scope'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { MemoryCircuitProvider } from './support/memory-circuit-provider.js'

beforeEach(() => {
  vi.useFakeTimers()
  vi.setSystemTime(1_000_000)
})
afterEach(() => void vi.useRealTimers())

const ok = () => 'ok'
const boom = () => Promise.reject(new Error('boom'))
const OPEN = { message: 'Circuit breaker is open' }

const breakerOn = (provider: MemoryCircuitProvider, failureThreshold = 2, resetTimeout = 1000) =>
  new CircuitBreaker({ provider, key: 'k', failureThreshold, resetTimeout })

describe('a breaker with a provider', () => {
  it('needs a key', () => {
    expect(() => new CircuitBreaker({ provider: new MemoryCircuitProvider() })).toThrow("'key' is required")
  })

  it('loads its state before the first call, once', async () => {
    const provider = new MemoryCircuitProvider()
    const breaker = breakerOn(provider)
    expect(provider.calls).toEqual([])
    await Promise.all([breaker.execute(ok), breaker.execute(ok)])
    await breaker.execute(ok)
    expect(provider.calls).toEqual(['getState k'])
  })

  it('continues a stored failure count', async () => {
    const provider = new MemoryCircuitProvider()
    provider.states.set('k', { state: 'closed', failureCount: 1 })
    const breaker = breakerOn(provider)
    await breaker.execute(boom).catch(() => {})
    expect(breaker.currentState).toBe('open')
  })

  it('stores every change, before the call ends', async () => {
    const provider = new MemoryCircuitProvider()
    const breaker = breakerOn(provider)
    const stored = () => provider.states.get('k')
    await breaker.execute(boom).catch(() => {})
    expect(stored()).toEqual({ state: 'closed', failureCount: 1, lastFailureTime: 1_000_000 })
    await breaker.execute(ok)
    expect(stored()).toEqual({ state: 'closed', failureCount: 0, lastSuccessTime: 1_000_000 })
    for (let i = 0; i < 2; i++) await breaker.execute(boom).catch(() => {})
    expect(stored()).toMatchObject({ state: 'open', failureCount: 2 })
    expect(provider.calls).not.toContain('setState k open')
    vi.advanceTimersByTime(1000)
    const during = await breaker.execute(async () => {
      await vi.advanceTimersByTimeAsync(0)
      return stored()?.state
    })
    expect(during).toBe('half-open')
    expect(stored()).toEqual({ state: 'closed', failureCount: 0, lastSuccessTime: 1_001_000 })
  })

  it('is open after a restart, for the rest of its time', async () => {
    const provider = new MemoryCircuitProvider()
    const before = breakerOn(provider)
    for (let i = 0; i < 2; i++) await before.execute(boom).catch(() => {})
    vi.advanceTimersByTime(600)
    const after = breakerOn(provider)
    await expect(after.execute(ok)).rejects.toThrow(OPEN.message)
    vi.advanceTimersByTime(399)
    await expect(after.execute(ok)).rejects.toThrow(OPEN.message)
    vi.advanceTimersByTime(1)
    expect(await after.execute(ok)).toBe('ok')
    expect(after.currentState).toBe('closed')
  })

  it('probes at once when the stored state is half-open', async () => {
    const provider = new MemoryCircuitProvider()
    provider.states.set('k', { state: 'half-open', failureCount: 2, lastFailureTime: 999_999 })
    const breaker = breakerOn(provider)
    await expect(breaker.execute(boom)).rejects.toThrow('boom')
    expect(provider.states.get('k')).toMatchObject({ state: 'open', lastFailureTime: 1_000_000 })
    await expect(breaker.execute(ok)).rejects.toThrow(OPEN.message)
  })

  it('treats a failure time in the future as now', async () => {
    const provider = new MemoryCircuitProvider()
    provider.states.set('k', { state: 'open', failureCount: 2, lastFailureTime: 9_000_000 })
    const breaker = breakerOn(provider)
    await expect(breaker.execute(ok)).rejects.toThrow(OPEN.message)
    vi.advanceTimersByTime(1000)
    expect(await breaker.execute(ok)).toBe('ok')
  })

  it('opens by the failure count of all scopes on the store', async () => {
    const shared = new MemoryCircuitProvider()
    // Without subscribe, so each breaker must read the state, as in two processes.
    const provider = {
      getState: shared.getState.bind(shared),
      setState: shared.setState.bind(shared),
      recordFailure: shared.recordFailure.bind(shared),
      recordSuccess: shared.recordSuccess.bind(shared),
    }
    const options = { provider, key: 'k', failureThreshold: 3 }
    const [one, two] = [new CircuitBreaker(options), new CircuitBreaker(options)]
    for (const breaker of [one, two, one]) await breaker.execute(boom).catch(() => {})
    expect([one.currentState, two.currentState]).toEqual(['open', 'closed'])
    await two.execute(boom).catch(() => {})
    expect(two.currentState).toBe('open')
  })

  it('follows changes that the provider notifies it of', async () => {
    const provider = new MemoryCircuitProvider()
    const [one, two] = [breakerOn(provider), breakerOn(provider)]
    const open = vi.fn()
    two.on('open', open)
    await two.execute(ok)
    for (let i = 0; i < 2; i++) await one.execute(boom).catch(() => {})
    expect(two.currentState).toBe('open')
    expect(open).toHaveBeenCalledExactlyOnceWith(2)
    vi.advanceTimersByTime(1000)
    await one.execute(ok)
    expect(two.currentState).toBe('closed')
  })

  it('ignores notifications of its own earlier changes', async () => {
    const provider = new MemoryCircuitProvider()
    const breaker = breakerOn(provider)
    await breaker.execute(ok)
    const onStateChange = vi.fn()
    breaker.on('stateChange', onStateChange)
    await Promise.allSettled([breaker.execute(boom), breaker.execute(boom)])
    expect(onStateChange.mock.calls).toEqual([['closed', 'open', 2]])
  })

  it('keeps the stored state when it is disposed, and stops listening', async () => {
    const provider = new MemoryCircuitProvider()
    const breaker = breakerOn(provider, 1)
    await breaker.execute(boom).catch(() => {})
    expect(provider.listeners('k')).toBe(1)
    await breaker[Symbol.asyncDispose]()
    expect(provider.states.get('k')?.state).toBe('open')
    expect(provider.listeners('k')).toBe(0)
  })

  it('resets the stored state when it is reset', async () => {
    const provider = new MemoryCircuitProvider()
    const breaker = breakerOn(provider, 1)
    await breaker.execute(boom).catch(() => {})
    await breaker.reset()
    expect(provider.states.get('k')).toEqual({ state: 'closed', failureCount: 0 })
  })

  it('continues with its own state when the provider fails, and reports that', async () => {
    const broken = async (): Promise<never> => {
      throw new Error('store')
    }
    const provider = { getState: broken, setState: broken, recordFailure: broken, recordSuccess: broken }
    const onError = vi.fn()
    await using s = scope({
      persistence: { circuitBreaker: provider },
      circuitBreaker: { failureThreshold: 2 },
      hooks: { onError },
    })
    expect(await s.task(ok)).toEqual([undefined, 'ok'])
    for (let i = 0; i < 2; i++) expect((await s.task(boom))[0]).toMatchObject({ message: 'boom' })
    expect((await s.task(ok))[0]).toMatchObject(OPEN)
    expect(onError).toHaveBeenCalledWith(new Error('store'), 'circuitBreaker')
  })
})

it('the count of a sliding window, which each process has for itself, does not close a circuit that others opened', async () => {
  const provider = new MemoryCircuitProvider()
  const window = { key: 'k', failureThreshold: 3, advanced: { slidingWindow: true } }
  const breaker = new CircuitBreaker({ ...window, provider: Object.assign(provider, { subscribe: undefined }) })
  await breaker.execute(boom).catch(() => {})
  await provider.setState('k', { state: 'open', failureCount: 3, lastFailureTime: 1 })
  await breaker.execute(boom).catch(() => {})
  expect(provider.states.get('k')).toMatchObject({ state: 'open', lastFailureTime: 1 })
  await breaker.execute(boom).catch(() => {})
  expect(provider.states.get('k')).toEqual({ state: 'open', failureCount: 3, lastFailureTime: Date.now() })
})

it('an unsubscriber that throws cannot replace the result of a task', async () => {
  const provider = Object.assign(new MemoryCircuitProvider(), {
    subscribe: () => () => {
      throw new Error('off')
    },
  })
  const onError = vi.fn()
  await using s = scope({ persistence: { circuitBreaker: provider }, hooks: { onError } })
  expect(await s.task(() => 1, { circuitBreaker: {} })).toEqual([undefined, 1])
  expect(onError).toHaveBeenCalledExactlyOnceWith(new Error('off'), 'circuitBreaker.unsubscribe')
})

describe('the key of a breaker in a scope', () => {
  it('is the key option, or else the name of the scope', async () => {
    const provider = new MemoryCircuitProvider()
    const persistence = { circuitBreaker: provider }
    await using named = scope({ persistence, name: 'import', circuitBreaker: {} })
    await using keyed = scope({ persistence, name: 'import', circuitBreaker: { key: 'geo' } })
    await named.task(boom)
    await keyed.task(boom)
    expect([...provider.states.keys()]).toEqual(['import', 'geo'])
  })

  it("is the id of the task for a task's own breaker, whose state lasts from task to task", async () => {
    const provider = new MemoryCircuitProvider()
    await using s = scope({ persistence: { circuitBreaker: provider } })
    const circuitBreaker = { failureThreshold: 1 }
    await s.task(boom, { id: 'fetch', circuitBreaker })
    expect(provider.states.get('fetch')?.state).toBe('open')
    expect((await s.task(ok, { id: 'fetch', circuitBreaker }))[0]).toMatchObject(OPEN)
    expect(provider.listeners('fetch')).toBe(0)
  })

  it("makes tasks' own breakers of one key and store one breaker in the process", async () => {
    const [one, two] = [new MemoryCircuitProvider(), new MemoryCircuitProvider()]
    const circuitBreaker = { failureThreshold: 1, resetTimeout: 1000, key: 'geo' }
    await using a = scope({ persistence: { circuitBreaker: one } })
    await using b = scope({ persistence: { circuitBreaker: one } })
    await using other = scope({ persistence: { circuitBreaker: two } })
    await a.task(boom, { circuitBreaker })
    vi.advanceTimersByTime(1000)
    const probe = a.task(() => new Promise(() => {}), { circuitBreaker })
    await vi.advanceTimersByTimeAsync(0)
    expect((await b.task(ok, { circuitBreaker }))[0]).toMatchObject(OPEN)
    expect(await other.task(ok, { circuitBreaker })).toEqual([undefined, 'ok'])
    probe[Symbol.dispose]()
  })
})
