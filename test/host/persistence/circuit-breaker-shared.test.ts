import { systemClock } from '@go-go-scope/persistence-sqlite'
import { CircuitBreaker, scope } from 'go-go-scope'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { deferred } from '../support/deferred.js'
import { eventually } from '../support/eventually.js'
import { heldFunction } from '../support/held-function.js'
import { type AdapterOfTest, type DatabaseOfTest, databaseOfTest } from './database-of-test.js'

const RESET = 60_000
const options = { key: 'k', failureThreshold: 2, resetTimeout: RESET }

let database: DatabaseOfTest
let adapters: AdapterOfTest[]
/** One breaker on each of two connections to one database, as two processes have them. */
let one: CircuitBreaker
let two: CircuitBreaker

beforeEach(async () => {
  // The clocks stand still unless a test moves them. Timers stay real, because the engine needs them.
  vi.useFakeTimers({ toFake: ['Date', 'performance'], now: 1_000_000 })
  database = await databaseOfTest()
  adapters = [await openedWith({ watchInterval: 5 }), await openedWith({ watchInterval: 5 })]
  ;[one, two] = adapters.map((adapter) => new CircuitBreaker({ ...options, provider: adapter.circuitBreaker })) as [
    CircuitBreaker,
    CircuitBreaker,
  ]
})
afterEach(async () => {
  await one[Symbol.asyncDispose]()
  await two[Symbol.asyncDispose]()
  for (const adapter of adapters) await adapter.disconnect()
  await database[Symbol.asyncDispose]()
  vi.useRealTimers()
})

/** Opens by this process's clock, even if a server has its own. @param told whether a server notifies of changes */
function openedWith(options: { watchInterval: number }, told = true): Promise<AdapterOfTest> {
  return database.open({ ...options, clock: { ...systemClock } }, told)
}

const boom = () => Promise.reject(new Error('boom'))
const failOn = (breaker: CircuitBreaker) => expect(breaker.execute(boom)).rejects.toThrow('boom')
const refusedBy = (breaker: CircuitBreaker) =>
  expect(breaker.execute(() => 'not to be run')).rejects.toThrow('Circuit breaker is open')
/** Returns a breaker that knows of one failure and is not notified of changes by others. */
async function unawareBreaker(): Promise<CircuitBreaker> {
  const adapter = await openedWith({ watchInterval: 3_600_000 }, false)
  adapters.push(adapter)
  const breaker = new CircuitBreaker({ ...options, failureThreshold: 3, provider: adapter.circuitBreaker })
  await failOn(breaker)
  return breaker
}

const both = (state: string) => eventually(() => expect([one.currentState, two.currentState]).toEqual([state, state]))

/** Opens the circuit by one failure on each connection, so both know that it is open. */
async function opened(): Promise<void> {
  await failOn(one)
  await failOn(two)
  await both('open')
}

describe('one breaker for all processes on the file', () => {
  it('counts the failures of all processes, and is open for all', async () => {
    await opened()
    await refusedBy(one)
    await refusedBy(two)
  })

  it('resets the shared failure count at any success', async () => {
    await failOn(one)
    await two.execute(() => 'ok')
    await eventually(() => expect(one.failureCount).toBe(0))
    await failOn(one)
    expect(one.currentState).toBe('closed')
  })

  it('is not closed by a success of a process that does not know yet that it is open', async () => {
    const unaware = await unawareBreaker()
    await failOn(one)
    expect(one.currentState).toBe('open')
    expect(await unaware.execute(() => 'late')).toBe('late')
    expect(unaware.currentState).toBe('open')
    expect(await adapters[0]?.circuitBreaker.getState('k')).toMatchObject({ state: 'open' })
    await unaware[Symbol.asyncDispose]()
  })

  it('does not count a failure of a period that is over', async () => {
    const unaware = await unawareBreaker()
    await failOn(one)
    expect(one.currentState).toBe('open')
    vi.advanceTimersByTime(RESET)
    await one.execute(() => 'ok')
    await failOn(unaware)
    expect(await adapters[0]?.circuitBreaker.getState('k')).toMatchObject({ state: 'closed', failureCount: 0 })
    await failOn(unaware)
    expect(await adapters[0]?.circuitBreaker.getState('k')).toMatchObject({ state: 'closed', failureCount: 1 })
    await unaware[Symbol.asyncDispose]()
  })

  it('admits one probe over all, and closes for all when it succeeds', async () => {
    await opened()
    vi.advanceTimersByTime(RESET)
    const called = heldFunction<string>()
    const probe = one.execute(called.run)
    await called.begun
    await refusedBy(two)
    called.end.resolve('probed')
    expect(await probe).toBe('probed')
    await both('closed')
    expect(await two.execute(() => 'ok')).toBe('ok')
  })

  it('admits one of many concurrent calls', async () => {
    await opened()
    vi.advanceTimersByTime(RESET)
    const end = deferred()
    const fn = vi.fn(() => end.promise)
    const calls = Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? one : two).execute(fn))
    const refused = vi.fn()
    const ends = Promise.all(calls.map((call) => call.catch((error: Error) => refused(error.message))))
    await eventually(() => expect(refused).toHaveBeenCalledTimes(19))
    end.resolve()
    await ends
    expect(fn).toHaveBeenCalledOnce()
    expect(new Set(refused.mock.calls.flat())).toEqual(new Set(['Circuit breaker is open']))
  })

  it('is open for all, for the whole reset time, when the probe fails', async () => {
    await opened()
    vi.advanceTimersByTime(RESET)
    await failOn(one)
    await refusedBy(two)
    vi.advanceTimersByTime(RESET - 1)
    await refusedBy(one)
    await refusedBy(two)
    vi.advanceTimersByTime(1)
    expect(await two.execute(() => 'ok')).toBe('ok')
    await both('closed')
  })

  it('closes after successThreshold successes over all processes', async () => {
    const [first, second] = adapters.map(
      ({ circuitBreaker: provider }) => new CircuitBreaker({ ...options, key: 'n', successThreshold: 2, provider }),
    ) as [CircuitBreaker, CircuitBreaker]
    await failOn(first)
    await failOn(second)
    await eventually(() => expect(first.currentState).toBe('open'))
    vi.advanceTimersByTime(RESET)
    await first.execute(() => 'ok')
    expect(await adapters[1]?.circuitBreaker.getState('n')).toMatchObject({ state: 'half-open' })
    await second.execute(() => 'ok')
    expect(await adapters[0]?.circuitBreaker.getState('n')).toMatchObject({ state: 'closed' })
    await first[Symbol.asyncDispose]()
    await second[Symbol.asyncDispose]()
  })

  it('admits another probe after the reset time when a prober has died', async () => {
    await opened()
    vi.advanceTimersByTime(RESET)
    const dead = await adapters[0]?.circuitBreaker.admit('k', { resetTimeout: RESET })
    expect(dead?.admitted).toBe(true)
    await refusedBy(two)
    vi.advanceTimersByTime(RESET)
    expect(await two.execute(() => 'ok')).toBe('ok')
    await both('closed')
  })

  /** Waits a reset time, and lets `breaker` probe by a call that runs until `end` is settled. */
  async function beginProbe(breaker: typeof one) {
    vi.advanceTimersByTime(RESET)
    const { run, begun, end } = heldFunction<string>()
    const result = breaker.execute(run)
    await begun
    return { end, result }
  }

  it('admits another probe of the same process after the reset time when a probe hangs', async () => {
    await opened()
    const hanging = await beginProbe(one)
    vi.advanceTimersByTime(RESET)
    expect(await one.execute(() => 'ok')).toBe('ok')
    await both('closed')
    hanging.end.resolve('late')
    await hanging.result
    await both('closed')
  })

  it.each(['nobody', 'a later probe of the process'])(
    'closes by a probe that took longer than the reset time, if its place is held by %s',
    async (holder) => {
      await opened()
      const slow = await beginProbe(one)
      const later = holder === 'nobody' ? undefined : await beginProbe(one)
      if (later === undefined) vi.advanceTimersByTime(RESET)
      slow.end.resolve('slow')
      expect(await slow.result).toBe('slow')
      await both('closed')
      later?.end.resolve('later')
      await later?.result
      await both('closed')
    },
  )

  it('stays half-open after a late success while another process probes', async () => {
    await opened()
    const slow = await beginProbe(one)
    const later = await beginProbe(two)
    slow.end.resolve('slow')
    await slow.result
    expect(await adapters[0]?.circuitBreaker.getState('k')).toMatchObject({ state: 'half-open' })
    later.end.resolve('later')
    await later.result
    await both('closed')
  })

  /** Each probe takes one and a half reset times, and the processes take turns. Returns the one that runs still. */
  async function lateSuccess() {
    await opened()
    const late = await beginProbe(one)
    const running = await beginProbe(two)
    vi.advanceTimersByTime(RESET / 2)
    late.end.resolve('late')
    await late.result
    vi.advanceTimersByTime(RESET / 2)
    return running
  }

  it('admits the next call if the store cannot count a late success', async () => {
    const running = await lateSuccess()
    const store = adapters[0]?.circuitBreaker as AdapterOfTest['circuitBreaker']
    const fails = vi.spyOn(store, 'succeeded').mockRejectedValueOnce(new Error('busy'))
    expect(await one.execute(() => 'next')).toBe('next')
    expect(fails).toHaveBeenCalledTimes(2)
    await both('closed')
    running.end.resolve('later')
    await running.result
  })

  it('closes by a late success when its process may probe again', async () => {
    const running = await lateSuccess()
    const next = heldFunction<string>()
    const call = one.execute(next.run)
    await next.begun
    await both('closed')
    running.end.resolve('later')
    next.end.resolve('next')
    await Promise.all([running.result, call])
    await both('closed')
  })

  it('does not count a late success after a failure of another process', async () => {
    await opened()
    const slow = await beginProbe(one)
    const failing = await beginProbe(two)
    slow.end.resolve('slow')
    await slow.result
    failing.end.reject(new Error('boom'))
    await expect(failing.result).rejects.toThrow('boom')
    await both('open')
    const next = await beginProbe(one)
    expect(await adapters[0]?.circuitBreaker.getState('k')).toMatchObject({ state: 'half-open' })
    next.end.resolve('next')
    await next.result
  })

  it('lets another process probe at once after an aborted probe', async () => {
    await opened()
    vi.advanceTimersByTime(RESET)
    await expect(one.execute(boom, () => true)).rejects.toThrow('boom')
    expect(await two.execute(() => 'ok')).toBe('ok')
  })

  it('stays open for all while it is isolated, until it is reset', async () => {
    await adapters[0]?.circuitBreaker.isolate('k')
    await refusedBy(one)
    vi.advanceTimersByTime(10 * RESET)
    await refusedBy(one)
    await refusedBy(two)
    await adapters[1]?.circuitBreaker.reset('k')
    await both('closed')
    expect(await one.execute(() => 'ok')).toBe('ok')
  })

  it('is the breaker of a scope', async () => {
    const [first, second] = adapters as [AdapterOfTest, AdapterOfTest]
    await using a = scope({ persistence: first, circuitBreaker: { ...options, key: 'scoped' } })
    await using b = scope({ persistence: second, circuitBreaker: { ...options, key: 'scoped' } })
    await a.task(boom)
    await b.task(boom)
    await eventually(async () => expect((await a.task(() => 1))[0]).toBeDefined())
    vi.advanceTimersByTime(RESET)
    const called = heldFunction<string>()
    const probe = a.task(called.run)
    await called.begun
    expect((await b.task(() => 'second probe'))[0]).toMatchObject({ message: 'Circuit breaker is open' })
    called.end.resolve('probed')
    expect(await probe).toEqual([undefined, 'probed'])
  })
})
