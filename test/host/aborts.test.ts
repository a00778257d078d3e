import {
  CircuitBreaker,
  type ClaimingIdempotencyProvider,
  InMemoryCheckpointProvider,
  InMemoryIdempotencyProvider,
  type PersistenceProviders,
  type Scope,
  scope,
} from 'go-go-scope'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { deferred } from './support/deferred.js'
import { MemoryCircuitProvider } from './support/memory-circuit-provider.js'
import { MemoryLockProvider } from './support/memory-lock-provider.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A store's answer that comes late. */
function late<T>(answer: T) {
  const gate = deferred()
  return { open: gate.resolve, answer: vi.fn(() => gate.promise.then(() => answer)) }
}

describe('a task that is aborted while a store is late', () => {
  it('never starts its function when the checkpoint comes late', async () => {
    const { open, answer } = late(undefined)
    const checkpoint = Object.assign(new InMemoryCheckpointProvider(), { loadLatest: answer as never })
    const s = scope({ persistence: { checkpoint } })
    const fn = vi.fn()
    const task = s.task(fn, { checkpoint: {}, retry: 'fixed' })
    const end = s[Symbol.asyncDispose]()
    expect((await task)[0]).toMatchObject({ message: 'Scope disposed' })
    open()
    await end
    expect(fn).not.toHaveBeenCalled()
  })

  it('never starts its function, nor counts, when the state of its circuit comes late', async () => {
    const { open, answer } = late(null)
    const provider = new MemoryCircuitProvider()
    provider.getState = answer
    const s = scope({ persistence: { circuitBreaker: provider }, circuitBreaker: {} })
    const fn = vi.fn()
    const task = s.task(fn)
    const end = s[Symbol.asyncDispose]()
    expect((await task)[0]).toMatchObject({ message: 'Scope disposed' })
    open()
    await end
    expect(fn).not.toHaveBeenCalled()
    expect(provider.states.size).toBe(0)
    expect(provider.listeners('scope')).toBe(0)
  })

  it('frees its key when the claim comes late', async () => {
    const fail = vi.fn(async () => ({ recorded: true }))
    const { open, answer } = late({ state: 'claimed', signal: new AbortController().signal, fail })
    const idempotency = Object.assign(new InMemoryIdempotencyProvider(), { claim: answer })
    const s = scope({ persistence: { idempotency: idempotency as unknown as ClaimingIdempotencyProvider } })
    const fn = vi.fn()
    const task = s.task(fn, { idempotency: { key: 'k' } })
    const end = s[Symbol.asyncDispose]()
    expect((await task)[0]).toMatchObject({ message: 'Scope disposed' })
    open()
    await end
    expect(fn).not.toHaveBeenCalled()
    expect(fail).toHaveBeenCalledOnce()
    expect(vi.getTimerCount()).toBe(0)
  })
})

it('a task whose function has succeeded succeeds although an abort comes while its breaker stores that', async () => {
  const provider = new MemoryCircuitProvider()
  provider.states.set('scope', { state: 'closed', failureCount: 1 })
  const { open, answer } = late(undefined)
  provider.recordSuccess = answer
  const s = scope({ name: 'scope', persistence: { circuitBreaker: provider }, circuitBreaker: {} })
  const task = s.task(() => 'done')
  await vi.waitFor(() => expect(answer).toHaveBeenCalledOnce())
  const end = s[Symbol.asyncDispose]()
  open()
  expect(await task).toEqual([undefined, 'done'])
  await end
})

describe('a breaker that is disposed while its state is loaded', () => {
  it('does not subscribe to the store', async () => {
    const { open, answer } = late(null)
    const provider = new MemoryCircuitProvider()
    provider.getState = answer
    const breaker = new CircuitBreaker({ provider, key: 'k' })
    const call = breaker.execute(() => 'ran')
    await breaker[Symbol.asyncDispose]()
    open()
    expect(await call).toBe('ran')
    expect(provider.listeners('k')).toBe(0)
  })
})

describe('a lock that is granted after its request was cancelled', () => {
  it('is released before the scope has ended', async () => {
    const lock = new MemoryLockProvider()
    const gate = deferred()
    const acquire = lock.acquire.bind(lock)
    lock.acquire = (...args) => gate.promise.then(() => acquire(...args))
    const s = scope({ persistence: { lock } })
    const waiting = s.acquireLock({ key: 'k' }).acquire()
    const end = s[Symbol.asyncDispose]()
    await expect(waiting).rejects.toThrow('Scope disposed')
    gate.resolve()
    await end
    expect(lock.locks.size).toBe(0)
    expect(vi.getTimerCount()).toBe(0)
  })
})

it('a lock whose provider ends the scope while it is asked is released, and the request is rejected', async () => {
  const lock = new MemoryLockProvider()
  const acquire = lock.acquire.bind(lock)
  let end: Promise<void> | undefined
  const s = scope({ persistence: { lock } })
  lock.acquire = (...args) => {
    end = s[Symbol.asyncDispose]()
    return acquire(...args)
  }
  await expect(s.acquireLock({ key: 'k' }).acquire()).rejects.toThrow('Scope disposed')
  await end
  expect(lock.locks.size).toBe(0)
})

describe('a task that joined the run of a key', () => {
  it('leaves the key free when it is disposed after the run was abandoned', async () => {
    const idempotency = new InMemoryIdempotencyProvider()
    await using s = scope({ persistence: { idempotency } })
    // The moment depends on the number of promises in between, so the test tries each.
    for (let turns = 0; turns < 12; turns++) {
      const key = `k${turns}`
      const first = s.task(() => new Promise(() => {}), { idempotency: { key } })
      const joined = s.task(() => new Promise(() => {}), { idempotency: { key } })
      await null
      first[Symbol.dispose]()
      for (let turn = 0; turn < turns; turn++) await null
      joined[Symbol.dispose]()
      await Promise.all([first, joined])
      expect(await s.task(() => 'free', { idempotency: { key }, timeout: 1 })).toEqual([undefined, 'free'])
    }
  })
})

describe('dispose', () => {
  it('leaves no timer behind', async () => {
    const held = new MemoryLockProvider()
    await held.acquire('lock:exclusive:taken', 1e9, 'somebody')
    const persistence: PersistenceProviders = { lock: held, idempotency: new InMemoryIdempotencyProvider() }
    const s = scope({ persistence, timeout: 60_000, concurrency: 4 })
    void s.task(() => Promise.reject(new Error('x')), { retry: { delay: 50_000 } })
    void s.task(() => s.delay(50_000), { timeout: 40_000 })
    void s.task(() => new Promise(() => {}), { timeout: 40_000, idempotency: { key: 'k' } })
    void s.task(() => 1, { priority: 1, timeout: 40_000 })
    const waiting = s.acquireLock({ key: 'taken' }).acquire({ timeout: 50_000 })
    await s.acquireLock({ key: 'held' }).acquire()
    const child = s.createChild({ timeout: 10_000 })
    void child.task(() => new Promise(() => {}))
    await vi.advanceTimersByTimeAsync(10)
    await Promise.all([s[Symbol.asyncDispose](), expect(waiting).rejects.toThrow('Scope disposed')])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('may be called by the hooks and disposers that it calls', async () => {
    const parent: Scope = scope({ hooks: { beforeDispose: () => parent[Symbol.asyncDispose]() } })
    const child: Scope = parent.createChild({ hooks: { afterDispose: () => child[Symbol.asyncDispose]() } })
    child.onDispose(() => parent[Symbol.asyncDispose]())
    child.onDispose(async () => child[Symbol.asyncDispose]())
    parent.provide('a', 1, { dispose: () => parent[Symbol.asyncDispose]() })
    await parent[Symbol.asyncDispose]()
    expect([parent.isDisposed, child.isDisposed]).toEqual([true, true])
  })

  it('of a parent may be called by a disposer of its child', async () => {
    const order: string[] = []
    const parent = scope()
    parent.onDispose(() => void order.push('parent'))
    const child = parent.createChild()
    child.onDispose(() => void order.push('child'))
    child.onDispose(() => parent[Symbol.asyncDispose]())
    await child[Symbol.asyncDispose]()
    await parent[Symbol.asyncDispose]()
    expect(order).toEqual(['child', 'parent'])
  })

  it('called by a task does not wait for that task', async () => {
    const s = scope()
    const [error] = await s.task(() => s[Symbol.asyncDispose]())
    expect(error).toMatchObject({ message: 'Scope disposed' })
  })

  it('waits for the first call when it is called again', async () => {
    const gate = deferred()
    const s = scope()
    s.onDispose(() => gate.promise)
    const order: string[] = []
    const ends = [1, 2].map((n) => s[Symbol.asyncDispose]().then(() => order.push(`end ${n}`)))
    await vi.advanceTimersByTimeAsync(0)
    order.push('gate')
    gate.resolve()
    await Promise.all(ends)
    expect(order).toEqual(['gate', 'end 1', 'end 2'])
  })
})
