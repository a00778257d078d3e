import { SQLiteAdapter } from '@go-go-scope/persistence-sqlite'
import { CircuitBreaker, type CircuitBreakerOptions, CircuitOpenError, scope, UnknownError } from 'go-go-scope'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { heldFunction } from './support/held-function.js'
import { MemoryCircuitProvider } from './support/memory-circuit-provider.js'

const NOW = 1_000_000
const RESET = 1000
const rules = { key: 'k', failureThreshold: 1, resetTimeout: RESET }

// The clocks stand still unless a test moves them. Timers stay real, because the engine needs them.
beforeEach(() => void vi.useFakeTimers({ toFake: ['Date', 'performance'], now: NOW }))
afterEach(() => void vi.useRealTimers())

const boom = () => Promise.reject(new Error('boom'))
const ok = () => 'ok'

/** Returns the error of a breaker that refuses a call. */
async function refusalOf(breaker: CircuitBreaker): Promise<CircuitOpenError> {
  const error = await breaker.execute(() => 'it ran').catch((refusal: unknown) => refusal)
  expect(error).toBeInstanceOf(CircuitOpenError)
  expect(error).toMatchObject({
    name: 'CircuitOpenError',
    _tag: 'UnknownError',
    message: 'Circuit breaker is open',
  })
  return error as CircuitOpenError
}

describe.each<[string, () => Promise<{ options: CircuitBreakerOptions; close(): Promise<void> }>]>([
  ['in memory', async () => ({ options: rules, close: async () => {} })],
  [
    'over a store that only keeps states',
    async () => ({ options: { ...rules, provider: new MemoryCircuitProvider() }, close: async () => {} }),
  ],
  [
    'over a store that admits calls',
    async () => {
      const adapter = await SQLiteAdapter.open(':memory:')
      return { options: { ...rules, provider: adapter.circuitBreaker }, close: () => adapter.disconnect() }
    },
  ],
])('a breaker %s', (_, make) => {
  let world: Awaited<ReturnType<typeof make>>
  let breaker: CircuitBreaker

  beforeEach(async () => {
    world = await make()
    breaker = new CircuitBreaker(world.options)
    await expect(breaker.execute(boom)).rejects.toThrow('boom')
  })
  afterEach(async () => {
    await breaker[Symbol.asyncDispose]()
    await world.close()
  })

  it('that is open says in retryAt when it lets a call through', async () => {
    vi.advanceTimersByTime(300)
    const { retryAt } = await refusalOf(breaker)
    expect(retryAt).toBe(NOW + RESET)
    vi.advanceTimersByTime(retryAt - NOW - 300 - 1)
    expect((await refusalOf(breaker)).retryAt).toBe(retryAt)
    vi.advanceTimersByTime(1)
    expect(await breaker.execute(ok)).toBe('ok')
  })

  it('that is being probed says in retryAt when the probe ends', async () => {
    vi.advanceTimersByTime(RESET + 50)
    const probe = heldFunction<string>()
    const probing = breaker.execute(probe.run)
    await probe.begun
    vi.advanceTimersByTime(100)
    expect((await refusalOf(breaker)).retryAt).toBe(NOW + RESET + 50 + RESET)
    probe.end.resolve('probed')
    expect(await probing).toBe('probed')
  })
})

describe('a breaker that another process', () => {
  it('probes or holds isolated has the retryAt of the store', async () => {
    await using adapter = await SQLiteAdapter.open(':memory:')
    const provider = adapter.circuitBreaker
    await using breaker = new CircuitBreaker({ ...rules, provider })
    await expect(breaker.execute(boom)).rejects.toThrow('boom')
    vi.advanceTimersByTime(RESET)
    await provider.admit('k', { resetTimeout: RESET })
    expect((await refusalOf(breaker)).retryAt).toBe(NOW + RESET + RESET)
    await using isolated = new CircuitBreaker({ ...rules, key: 'isolated', provider })
    await provider.isolate('isolated')
    // The breaker assumes that the circuit has just opened; then it reads the store.
    expect((await refusalOf(isolated)).retryAt).toBe(Date.now() + RESET)
    vi.advanceTimersByTime(RESET)
    expect((await refusalOf(isolated)).retryAt).toBe(Number.POSITIVE_INFINITY)
  })
})

describe('the result of a task whose breaker is open', () => {
  class Wrapped extends Error {}

  it('is the CircuitOpenError itself, unlike a failure of the function, and an UnknownError as in 2.9', async () => {
    await using s = scope({ circuitBreaker: rules })
    const [failed] = await s.task(boom)
    expect(failed).toBeInstanceOf(UnknownError)
    expect(failed).not.toBeInstanceOf(CircuitOpenError)
    const [refused] = await s.task(ok)
    expect(refused).toBeInstanceOf(CircuitOpenError)
    expect(refused).toBeInstanceOf(UnknownError)
    expect(refused).toMatchObject({ message: 'Circuit breaker is open', retryAt: NOW + RESET })
  })

  it.each(['errorClass', 'systemErrorClass'])(
    'is wrapped by %s as in 2.9, with the error as its cause',
    async (option) => {
      await using s = scope({ circuitBreaker: rules })
      await s.task(boom)
      const [error] = await s.task(ok, { [option]: Wrapped })
      expect(error).toBeInstanceOf(Wrapped)
      expect(error?.message).toBe('Circuit breaker is open')
      expect(error?.cause).toBeInstanceOf(CircuitOpenError)
    },
  )
})
