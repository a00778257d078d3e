import { Lock, type LockHandle, type LockOptions, type LockProvider, scope } from 'go-go-scope'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { MemoryLockProvider } from './support/memory-lock-provider.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const KEY = 'lock:exclusive:k'
const lockOn = (provider: LockProvider, options: LockOptions = {}) => new Lock({ provider, key: 'k', ...options })

/** Two providers over the same locks, as in two processes. */
function twoProcesses(): [MemoryLockProvider, MemoryLockProvider] {
  const one = new MemoryLockProvider()
  return [one, new MemoryLockProvider(one.locks)]
}

describe('a lock over a provider', () => {
  it('takes lock:exclusive:<key> for its owner and ttl', async () => {
    const acquire = vi.fn(async () => null)
    const provider = { acquire, extend: async () => false, forceRelease: async () => {} }
    await expect(lockOn(provider, { owner: 'me', ttl: 500 }).acquire({ timeout: 0 })).rejects.toThrow(
      'timed out after 0ms',
    )
    expect(acquire.mock.calls).toEqual([[KEY, 500, 'me']])
    await expect(lockOn(provider).acquire({ timeout: 0 })).rejects.toThrow()
    expect(acquire).toHaveBeenLastCalledWith(KEY, 30_000, expect.stringMatching(/.{8,}/))
  })

  it('is used by acquireLock when the scope has one and there is a key', async () => {
    const lock = new MemoryLockProvider()
    await using s = scope({ persistence: { lock } })
    const guard = await s.acquireLock({ key: 'k' }).acquire()
    expect([...lock.locks.keys()]).toEqual([KEY])
    await s.acquireLock().acquire()
    expect(lock.locks.size).toBe(1)
    await guard.release()
    expect(lock.locks.size).toBe(0)
    const own = new MemoryLockProvider()
    await s.acquireLock({ key: 'k', provider: own }).acquire()
    expect([lock.locks.size, own.locks.size]).toEqual([0, 1])
  })

  it('excludes Lock objects of the same process and of others', async () => {
    const [one, two] = twoProcesses()
    const guard = await lockOn(one).acquire()
    await expect(lockOn(one).acquire({ timeout: 0 })).rejects.toThrow('Lock acquisition timed out after 0ms')
    await expect(lockOn(two).acquire({ timeout: 0 })).rejects.toThrow('Lock acquisition timed out after 0ms')
    await guard.release()
    expect(await lockOn(two).acquire({ timeout: 0 })).toBeDefined()
  })

  it('is not taken twice by one Lock object, although both requests have one owner', async () => {
    const lock = lockOn(new MemoryLockProvider())
    const guard = await lock.acquire()
    await expect(lock.acquire({ timeout: 0 })).rejects.toThrow('timed out')
    const waiting = lock.acquire()
    await guard.release()
    await (await waiting).release()
  })

  it('polls about every pollInterval while another process holds it', async () => {
    const [one, two] = twoProcesses()
    const guard = await lockOn(one).acquire()
    const waiting = lockOn(two).acquire({ pollInterval: 50 })
    await vi.advanceTimersByTimeAsync(1000)
    expect(two.asked.length).toBeGreaterThanOrEqual(16)
    expect(two.asked.length).toBeLessThanOrEqual(27)
    await guard.release()
    await vi.advanceTimersByTimeAsync(63)
    expect(await waiting).toBeDefined()
  })

  it('times out', async () => {
    const [one, two] = twoProcesses()
    await lockOn(one).acquire()
    const waiting = expect(lockOn(two).acquire({ timeout: 300 })).rejects.toThrow(
      'Lock acquisition timed out after 300ms',
    )
    await vi.advanceTimersByTimeAsync(300)
    await waiting
    const asked = two.asked.length
    await vi.advanceTimersByTimeAsync(1000)
    expect(two.asked.length).toBe(asked)
    expect(vi.getTimerCount()).toBe(2)
  })

  it('rejects with the error of the provider, and serves the next request', async () => {
    const provider = new MemoryLockProvider()
    vi.spyOn(provider, 'acquire').mockRejectedValueOnce(new Error('closed'))
    const failing = expect(lockOn(provider).acquire()).rejects.toThrow('closed')
    const next = lockOn(provider).acquire()
    await failing
    expect(await next).toBeDefined()
  })

  it('gives access to the handle of the provider', async () => {
    const provider = new MemoryLockProvider()
    const guard = await lockOn(provider).acquire()
    expect(await guard.handle?.isValid()).toBe(true)
  })

  it('throws for methods that exist only in memory', async () => {
    const lock = lockOn(new MemoryLockProvider())
    expect(() => lock.tryAcquire()).toThrow("has no 'tryAcquire' over a persistence provider")
    expect(() => lock.isLocked).toThrow('over a persistence provider')
    expect(() => lock.stats).toThrow('over a persistence provider')
    const guard = await lock.acquire()
    expect(() => guard[Symbol.dispose]()).toThrow('await using')
    expect(guard.isReleased).toBe(false)
  })
})

describe('requests of one process that wait', () => {
  it('are served in order, and only the first asks the provider', async () => {
    const [one, two] = twoProcesses()
    const held = await lockOn(one).acquire()
    const order: number[] = []
    const all = Array.from({ length: 20 }, async (_, index) => {
      const guard = await lockOn(two).acquire({ pollInterval: 100, priority: index < 10 ? 0 : 1 })
      order.push(index)
      await guard.release()
    })
    await vi.advanceTimersByTimeAsync(1000)
    expect(two.asked.length).toBeLessThan(16)
    await held.release()
    await vi.advanceTimersByTimeAsync(125)
    await Promise.all(all)
    expect(order).toEqual([...Array(10).keys()].map((n) => n + 10).concat([...Array(10).keys()]))
  })

  it('do not ask while this process holds the lock, and get it at once after its release', async () => {
    const provider = new MemoryLockProvider()
    const held = await lockOn(provider).acquire()
    const waiting = lockOn(provider).acquire()
    await vi.advanceTimersByTimeAsync(10_000)
    expect(provider.asked.length).toBe(1)
    await held.release()
    await vi.advanceTimersByTimeAsync(0)
    await (await waiting).release()
  })

  it('ask again when the holder of this process has lost its lease', async () => {
    const [one, two] = twoProcesses()
    const held = await lockOn(one, { ttl: 1000 }).acquire()
    await two.forceRelease(KEY)
    const waiting = lockOn(one).acquire()
    await vi.advanceTimersByTimeAsync(700)
    expect(held.signal.aborted).toBe(true)
    expect(await waiting).toBeDefined()
  })

  it('wait for the holder also after a late release by an earlier one, which had lost its lease', async () => {
    const provider = new MemoryLockProvider()
    const lock = lockOn(provider, { ttl: 1000 })
    const lost = await lock.acquire()
    await provider.forceRelease(KEY)
    await vi.advanceTimersByTimeAsync(700)
    expect(lost.signal.aborted).toBe(true)
    await lock.acquire()
    await lost.release()
    await expect(lock.acquire({ timeout: 0 })).rejects.toThrow('timed out')
  })

  it('wait while the provider still holds the lock for a holder whose signal has aborted', async () => {
    const provider = new MemoryLockProvider()
    const ending = new AbortController()
    const acquire = provider.acquire.bind(provider)
    vi.spyOn(provider, 'acquire').mockImplementationOnce(async (...call) =>
      Object.assign((await acquire(...call)) as LockHandle, { signal: ending.signal }),
    )
    const lock = lockOn(provider)
    const stopping = await lock.acquire()
    const granted = vi.fn()
    void lock.acquire({ pollInterval: 10 }).then(granted)
    ending.abort()
    await vi.advanceTimersByTimeAsync(100)
    expect([stopping.signal.aborted, granted.mock.calls.length]).toEqual([true, 0])
    await stopping.release()
    await vi.advanceTimersByTimeAsync(20)
    expect(granted).toHaveBeenCalledOnce()
  })

  it('let a request of higher priority ask at once, without the pause of the others', async () => {
    const [one, two] = twoProcesses()
    const held = await lockOn(one).acquire()
    void lockOn(two).acquire({ pollInterval: 60_000 })
    await vi.advanceTimersByTimeAsync(100)
    await held.release()
    expect(await lockOn(two).acquire({ priority: 1 })).toBeDefined()
  })

  it('stop asking when their scope aborts', async () => {
    const [one, two] = twoProcesses()
    await lockOn(one).acquire()
    const controller = new AbortController()
    const s = scope({ signal: controller.signal, persistence: { lock: two } })
    const waiting = expect(s.acquireLock({ key: 'k' }).acquire()).rejects.toBe('stop')
    await vi.advanceTimersByTimeAsync(100)
    controller.abort('stop')
    await waiting
    const asked = two.asked.length
    await vi.advanceTimersByTimeAsync(1000)
    expect(two.asked.length).toBe(asked)
    await s[Symbol.asyncDispose]()
  })

  it('release what a try takes after they were withdrawn', async () => {
    const provider = new MemoryLockProvider()
    const acquire = provider.acquire.bind(provider)
    vi.spyOn(provider, 'acquire').mockImplementation(async (...args) => {
      await new Promise((resolve) => setTimeout(resolve, 50))
      return acquire(...args)
    })
    const s = scope({ persistence: { lock: provider } })
    const waiting = expect(s.acquireLock({ key: 'k' }).acquire()).rejects.toThrow('Scope disposed')
    const disposed = s[Symbol.asyncDispose]().then(() => provider.locks.size)
    await waiting
    expect(provider.locks.size).toBe(0)
    await vi.advanceTimersByTimeAsync(49)
    const early = vi.fn()
    void disposed.then(early)
    await vi.advanceTimersByTimeAsync(0)
    expect(early).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    expect(await disposed).toBe(0)
    expect(provider.asked.length).toBe(1)
  })
})

describe('the renewal of a lock', () => {
  it('extends every 60 % of the ttl while held, and not after', async () => {
    const provider = new MemoryLockProvider()
    const extend = vi.spyOn(provider, 'extend')
    const guard = await lockOn(provider, { ttl: 1000, owner: 'me' }).acquire()
    await vi.advanceTimersByTimeAsync(599)
    expect(extend).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    expect(extend).toHaveBeenCalledExactlyOnceWith(KEY, 1000, 'me')
    await vi.advanceTimersByTimeAsync(5400)
    expect(extend).toHaveBeenCalledTimes(10)
    expect(guard.signal.aborted).toBe(false)
    await guard.release()
    await vi.advanceTimersByTimeAsync(5000)
    expect(extend).toHaveBeenCalledTimes(10)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('that returns false aborts the guard', async () => {
    const provider = new MemoryLockProvider()
    const guard = await lockOn(provider, { ttl: 1000 }).acquire()
    await provider.forceRelease(KEY)
    await vi.advanceTimersByTimeAsync(600)
    expect(guard.signal.reason).toEqual(new Error(`Lock '${KEY}' was lost: its owner is no longer the holder`))
    await guard.release()
  })

  it('that fails is tried again, and the guard aborts when the ttl is over by the local clock', async () => {
    const provider = new MemoryLockProvider()
    const extend = vi.spyOn(provider, 'extend').mockRejectedValue(new Error('busy'))
    const onError = vi.fn()
    await using s = scope({ persistence: { lock: provider }, hooks: { onError } })
    const guard = await s.acquireLock({ key: 'k', ttl: 1000 }).acquire()
    await vi.advanceTimersByTimeAsync(999)
    expect(extend.mock.calls.length).toBe(4)
    expect(guard.signal.aborted).toBe(false)
    expect(onError).toHaveBeenCalledWith(new Error('busy'), 'lock.extend')
    await vi.advanceTimersByTimeAsync(1)
    expect(guard.signal.reason).toEqual(new Error(`Lock '${KEY}' expired before it was renewed`))
  })

  it('that fails for a while keeps the lock', async () => {
    const provider = new MemoryLockProvider()
    vi.spyOn(provider, 'extend').mockRejectedValueOnce(new Error('busy'))
    const guard = await lockOn(provider, { ttl: 1000 }).acquire()
    await vi.advanceTimersByTimeAsync(5000)
    expect(guard.signal.aborted).toBe(false)
  })

  it('and its first grant count the ttl from before the provider was asked', async () => {
    const provider = new MemoryLockProvider()
    const later = <T>(answer: T) => new Promise<T>((resolve) => setTimeout(resolve, 300, answer))
    const { acquire } = provider
    vi.spyOn(provider, 'acquire').mockImplementation(async (...lock) => later(await acquire.apply(provider, lock)))
    const extend = vi.spyOn(provider, 'extend').mockReturnValue(new Promise(() => {}))
    const endOf = async (acquired: ReturnType<Lock['acquire']>) => {
      await vi.advanceTimersByTimeAsync(300)
      const { signal } = await acquired
      const granted = performance.now()
      while (!signal.aborted) await vi.advanceTimersByTimeAsync(1)
      return performance.now() - granted
    }
    expect(await endOf(lockOn(provider, { ttl: 1000 }).acquire())).toBe(700)
    await provider.forceRelease(KEY)
    extend.mockImplementationOnce(() => later(true))
    expect(await endOf(lockOn(provider, { ttl: 1000 }).acquire())).toBe(300 + 1000)
  })

  it('that never settles aborts the guard when the ttl is over', async () => {
    const provider = new MemoryLockProvider()
    vi.spyOn(provider, 'extend').mockReturnValue(new Promise(() => {}))
    const guard = await lockOn(provider, { ttl: 1000 }).acquire()
    await vi.advanceTimersByTimeAsync(1000)
    expect(guard.signal.aborted).toBe(true)
  })

  it('is not waited for when the signal of the handle aborts', async () => {
    const lost = new AbortController()
    const handle = { release: async () => {}, extend: async () => true, isValid: async () => true, signal: lost.signal }
    const provider = {
      acquire: async () => handle as LockHandle,
      extend: async () => true,
      forceRelease: async () => {},
    }
    const guard = await lockOn(provider).acquire()
    lost.abort('taken')
    expect(guard.signal.reason).toBe('taken')
  })
})

describe('the release of a lock', () => {
  it('rejects with the error of the provider, and lets the next request try', async () => {
    const provider = new MemoryLockProvider()
    const acquire = provider.acquire.bind(provider)
    vi.spyOn(provider, 'acquire').mockImplementationOnce(async (...args) => {
      const handle = (await acquire(...args)) as LockHandle
      return { ...handle, release: () => Promise.reject(new Error('gone')) }
    })
    const guard = await lockOn(provider, { ttl: 100 }).acquire()
    const waiting = lockOn(provider).acquire()
    await expect(guard.release()).rejects.toThrow('gone')
    await vi.advanceTimersByTimeAsync(250)
    expect(await waiting).toBeDefined()
  })

  it('happens at the end of the scope, before dispose ends', async () => {
    const provider = new MemoryLockProvider()
    const s = scope({ persistence: { lock: provider } })
    const guard = await s.acquireLock({ key: 'k' }).acquire()
    await s[Symbol.asyncDispose]()
    expect([provider.locks.size, guard.signal.aborted]).toEqual([0, true])
  })
})
