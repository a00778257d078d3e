import { type Logger, Scope, Semaphore, scope } from 'go-go-scope'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('scope', () => {
  it('is named scope-<n> by default', async () => {
    await using first = scope()
    await using second = scope()
    await using named = scope({ name: 'import' })
    const number = Number(/^scope-(\d+)$/.exec(first.scopeName)?.[1])
    expect(second.scopeName).toBe(`scope-${number + 1}`)
    expect(named.scopeName).toBe('import')
    expect(named).toBeInstanceOf(Scope)
  })

  it('exposes the options that it was made with', async () => {
    const persistence = {}
    await using s = scope({ persistence, concurrency: 3, idempotency: { defaultTTL: 5 }, context: { a: 1 } })
    expect(s.persistence).toBe(persistence)
    expect(s.concurrency).toBe(3)
    expect(s.idempotency).toEqual({ defaultTTL: 5 })
    expect(s.requestContext).toEqual({ a: 1 })
    expect(s.isDisposed).toBe(false)
    expect(s.circuitBreaker).toBeUndefined()
  })

  it('exposes only threshold and reset time of its breaker', async () => {
    await using s = scope({ circuitBreaker: { failureThreshold: 2, onOpen: () => {} } })
    expect(s.circuitBreaker).toEqual({ failureThreshold: 2, resetTimeout: 30_000 })
  })

  it('aborts at its time-out', async () => {
    await using s = scope({ timeout: 100 })
    await vi.advanceTimersByTimeAsync(99)
    expect(s.signal.aborted).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    expect(s.signal.reason).toEqual(new Error('Scope timeout after 100ms'))
  })

  it('has no time-out at 0, nor at Infinity', async () => {
    await using s = scope({ timeout: 0 })
    await using never = scope({ timeout: Number.POSITIVE_INFINITY })
    await vi.advanceTimersByTimeAsync(2 ** 32)
    expect(s.signal.aborted).toBe(false)
    expect(never.signal.aborted).toBe(false)
  })

  it('keeps a time-out that is longer than setTimeout allows', async () => {
    const month = 30 * 24 * 3600 * 1000
    await using s = scope({ timeout: month })
    await vi.advanceTimersByTimeAsync(month - 1)
    expect(s.signal.aborted).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    expect(s.signal.aborted).toBe(true)
  })

  it('aborts with an outer signal and its reason', async () => {
    const controller = new AbortController()
    await using s = scope({ signal: controller.signal })
    controller.abort('outer')
    expect(s.signal.reason).toBe('outer')
  })

  it('is aborted from the start by an aborted signal', async () => {
    await using s = scope({ signal: AbortSignal.abort('early') })
    expect(s.signal.reason).toBe('early')
  })

  it('has a request context', async () => {
    await using s = scope({ context: { a: 1 } })
    s.setContext('b', 2).setContext('gone', 3)
    expect(s.removeContext('gone')).toBe(true)
    expect(s.removeContext('gone')).toBe(false)
    expect(s.getContext('b')).toBe(2)
    expect(s.getContext('toString')).toBeUndefined()
    expect(s.hasContext('a')).toBe(true)
    expect(s.hasContext('gone')).toBe(false)
    const copy = s.getAllContext()
    expect(copy).toEqual({ a: 1, b: 2 })
    copy.a = 9
    expect(s.getContext('a')).toBe(1)
    await s.task(({ context }) => expect(context).toEqual({ a: 1, b: 2 }))
  })

  it('accepts any name in its context', async () => {
    await using s = scope()
    s.setContext('__proto__', { admin: true })
    expect(s.getContext('__proto__')).toEqual({ admin: true })
    expect(s.requestContext.admin).toBeUndefined()
    expect(s.createChild().getContext('__proto__')).toEqual({ admin: true })
    expect(s.removeContext('__proto__')).toBe(true)
    expect(s.getAllContext()).toEqual({})
  })

  it('has a delay that ends when it aborts', async () => {
    const controller = new AbortController()
    await using s = scope({ signal: controller.signal })
    const short = vi.fn()
    void s.delay(10).then(short)
    const long = s.delay(1000)
    await vi.advanceTimersByTimeAsync(10)
    expect(short).toHaveBeenCalledOnce()
    controller.abort('stop')
    await expect(long).rejects.toBe('stop')
    expect(vi.getTimerCount()).toBe(0)
  })

  it('makes semaphores that end with it', async () => {
    const s = scope()
    const semaphore = s.semaphore(1)
    expect(semaphore).toBeInstanceOf(Semaphore)
    void semaphore.acquire(() => new Promise(() => {}))
    const waiting = semaphore.acquire(() => 1)
    const rejected = expect(waiting).rejects.toThrow('Scope disposed')
    const unused = s.semaphore(1)
    await s[Symbol.asyncDispose]()
    await rejected
    await expect(unused.acquire(() => 1)).rejects.toThrow('Scope disposed')
    expect(unused.tryAcquire(() => 1)).toBeNull()
  })

  it('prints its tree with debugTree', async () => {
    await using s = scope({ name: 'root' })
    const child = s.createChild({ name: 'child', signal: AbortSignal.abort() })
    child.createChild({ name: 'grandchild' })
    void s.task(() => new Promise(() => {}))
    expect(s.debugTree().split('\n')).toEqual([
      'root (active, 1 running)',
      '  child (aborted, 0 running)',
      '    grandchild (aborted, 0 running)',
    ])
  })
})

describe('logger', () => {
  const recorder = () => ({ debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() }) satisfies Logger
  const talk = ({ logger }: { logger: Logger }) => {
    logger.debug('d')
    logger.warn('w')
  }

  it('gets what is at least logLevel', async () => {
    const logger = recorder()
    await using s = scope({ logger, logLevel: 'warn' })
    await s.task(talk)
    expect(logger.debug).not.toHaveBeenCalled()
    expect(logger.warn).toHaveBeenCalledExactlyOnceWith('w')
  })

  it('is the console only when a level asks for it', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    await using silent = scope()
    await silent.task(talk)
    expect(warn).not.toHaveBeenCalled()
    await using loud = scope({ logLevel: 'info' })
    await loud.task(talk)
    expect(warn).toHaveBeenCalledExactlyOnceWith('w')
    warn.mockRestore()
  })

  it('gets failures that change no result', async () => {
    const logger = recorder()
    const s = scope({ logger, name: 'job' })
    s.onDispose(() => {
      throw new Error('cleanup')
    })
    await s[Symbol.asyncDispose]()
    expect(logger.error).toHaveBeenCalledExactlyOnceWith('job: onDispose failed: cleanup', new Error('cleanup'))
  })
})
