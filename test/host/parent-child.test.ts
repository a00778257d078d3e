import { scope } from 'go-go-scope'
import { describe, expect, it, vi } from 'vitest'

describe.each([
  ['createChild', (parent: ReturnType<typeof scope>, options = {}) => parent.createChild(options)],
  ['scope({ parent })', (parent: ReturnType<typeof scope>, options = {}) => scope({ ...options, parent })],
])('a child by %s', (_, create) => {
  it('aborts when its parent aborts, with the same reason, and not the other way round', async () => {
    const controller = new AbortController()
    await using parent = scope({ signal: controller.signal })
    const one = create(parent)
    const two = create(parent)
    await one[Symbol.asyncDispose]()
    expect(parent.signal.aborted).toBe(false)
    controller.abort('r')
    expect(two.signal.reason).toBe('r')
  })

  it('is aborted from the start when its parent is', async () => {
    const parent = scope()
    await parent[Symbol.asyncDispose]()
    const child = create(parent)
    expect(child.signal.reason).toEqual(new Error('Scope disposed'))
    expect(() => child.task(() => 1)).toThrow('Cannot spawn task on aborted scope')
  })

  it('is not kept by a disposed parent', async () => {
    const parent = scope({ name: 'root' })
    await parent[Symbol.asyncDispose]()
    create(parent, { name: 'late' })
    expect(parent.debugTree()).not.toContain('late')
  })

  it('that could not be created leaves nothing in its parent, which can end', async () => {
    const parent = scope({ name: 'root' })
    const failing = Object.assign(new EventTarget(), {
      aborted: false,
      addEventListener: () => {
        throw new Error('no listeners')
      },
    })
    expect(() => create(parent, { name: 'half', signal: failing })).toThrow('no listeners')
    expect(parent.debugTree()).not.toContain('half')
    await parent[Symbol.asyncDispose]()
  })

  it('copies services and context when it is created', async () => {
    await using parent = scope({ context: { a: 1 } }).provide('db', 'db')
    const child = create(parent, { context: { b: 2 } })
    parent.setContext('late', true)
    parent.provide('late', true)
    expect(child.getAllContext()).toEqual({ a: 1, b: 2 })
    expect(child.has('db')).toBe(true)
    expect(child.has('late')).toBe(false)
    child.setContext('a', 5)
    expect(parent.getContext('a')).toBe(1)
    await child.task(({ services }) => expect(services).toEqual({ db: 'db' }))
  })

  it('does not dispose the services of its parent', async () => {
    const dispose = vi.fn()
    await using parent = scope().provide('db', 'db', { dispose })
    await create(parent)[Symbol.asyncDispose]()
    expect(dispose).not.toHaveBeenCalled()
  })

  it('inherits persistence, idempotency, concurrency and breaker options', async () => {
    const persistence = {}
    const circuitBreaker = { failureThreshold: 1, resetTimeout: 7 }
    await using parent = scope({ persistence, idempotency: { defaultTTL: 9 }, concurrency: 2, circuitBreaker })
    const child = create(parent)
    expect(child.persistence).toBe(persistence)
    expect(child.idempotency).toEqual({ defaultTTL: 9 })
    expect(child.concurrency).toBe(2)
    expect(child.circuitBreaker).toEqual(circuitBreaker)
  })

  it('overrides what it is given, persistence as a whole', async () => {
    const lock = { acquire: async () => null, extend: async () => false, forceRelease: async () => {} }
    await using parent = scope({ persistence: { lock }, concurrency: 2, circuitBreaker: { failureThreshold: 1 } })
    const persistence = {}
    const child = create(parent, { persistence, concurrency: 5, circuitBreaker: { failureThreshold: 4 } })
    expect(child.persistence).toBe(persistence)
    expect(child.persistence?.lock).toBeUndefined()
    expect(child.concurrency).toBe(5)
    expect(child.circuitBreaker?.failureThreshold).toBe(4)
  })

  it('has permits and a breaker of its own, with the options of its parent', async () => {
    await using parent = scope({ concurrency: 1, circuitBreaker: { failureThreshold: 1 } })
    const child = create(parent)
    void parent.task(() => new Promise(() => {}))
    expect(await child.task(() => 1)).toEqual([undefined, 1])
    await child.task(() => Promise.reject(new Error('x')))
    expect((await child.task(() => 1))[0]).toMatchObject({ message: 'Circuit breaker is open' })
    const sibling = create(parent)
    expect(await sibling.task(() => 1)).toEqual([undefined, 1])
  })

  it('does not inherit hooks, logger and time-out', async () => {
    vi.useFakeTimers()
    const beforeTask = vi.fn()
    const logger = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() }
    await using parent = scope({ hooks: { beforeTask }, logger, timeout: 1000 })
    const child = create(parent)
    expect(vi.getTimerCount()).toBe(1)
    await child.task((ctx) => ctx.logger.info('x'))
    expect(beforeTask).not.toHaveBeenCalled()
    expect(logger.info).not.toHaveBeenCalled()
    vi.useRealTimers()
  })

  it('leaves nothing in its parent and signal once it is disposed', async () => {
    await using parent = scope({ name: 'root' })
    const controller = new AbortController()
    const remove = vi.spyOn(controller.signal, 'removeEventListener')
    const child = create(parent, { name: 'child', signal: controller.signal })
    expect(parent.debugTree()).toContain('child')
    await child[Symbol.asyncDispose]()
    expect(parent.debugTree()).toBe('root (active, 0 running)')
    expect(remove).toHaveBeenCalledOnce()
  })
})

it('the end of a parent ends its children', async () => {
  const parent = scope()
  const child = parent.createChild()
  const task = child.task(() => new Promise(() => {}))
  await parent[Symbol.asyncDispose]()
  expect(child.isDisposed).toBe(true)
  expect(await task).toEqual([new Error('Scope disposed'), undefined])
})

it('a parent that scope() did not create is refused', () => {
  const lookalike = { scopeName: 'mine', isDisposed: false }
  expect(() => scope({ parent: lookalike })).toThrow(new TypeError('scope option parent: must be a scope, got object'))
})
