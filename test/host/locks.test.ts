import { Lock, LockGuard, scope } from 'go-go-scope'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const readWrite = () => new Lock({ allowMultipleReaders: true })

/** Returns a function that records the name when the lock is granted. */
const noting = (order: string[], name: string) => (guard: LockGuard) => {
  order.push(name)
  return guard
}

describe('a mutex in memory', () => {
  it('has one holder at a time', async () => {
    const lock = new Lock()
    const first = await lock.acquire()
    expect(first).toBeInstanceOf(LockGuard)
    const second = vi.fn()
    const waiting = lock.acquire().then((guard) => {
      second()
      return guard
    })
    await vi.advanceTimersByTimeAsync(1000)
    expect(second).not.toHaveBeenCalled()
    await first.release()
    await (await waiting).release()
    expect(lock.isLocked).toBe(false)
  })

  it('is served by priority, then arrival', async () => {
    const lock = new Lock()
    const held = await lock.acquire()
    const order: string[] = []
    const wanted: [string, number][] = [
      ['a', 0],
      ['high', 1],
      ['b', 0],
      ['also high', 1],
    ]
    const all = wanted.map(async ([name, priority]) => noting(order, name)(await lock.acquire({ priority })).release())
    await held.release()
    await Promise.all(all)
    expect(order).toEqual(['high', 'also high', 'a', 'b'])
  })

  it('times out', async () => {
    const lock = new Lock()
    const held = await lock.acquire()
    const waiting = expect(lock.acquire({ timeout: 100 })).rejects.toThrow('Lock acquisition timed out after 100ms')
    expect(lock.stats.pendingRequests).toBe(1)
    await vi.advanceTimersByTimeAsync(100)
    await waiting
    expect(lock.stats.pendingRequests).toBe(0)
    await held.release()
    expect(lock.isLocked).toBe(false)
  })

  it('lets the process end although its scope has a timeout, except while it is waited for', async () => {
    // A spy on the faked function would remain after the faked timers.
    vi.useRealTimers()
    const timers = vi.spyOn(globalThis, 'setTimeout')
    await using s = scope({ timeout: 60_000 })
    const timer = timers.mock.results[0]?.value as NodeJS.Timeout
    timers.mockRestore()
    const lock = s.acquireLock()
    const held = await lock.acquire()
    expect(timer.hasRef()).toBe(false)
    const waiting = lock.acquire()
    expect(timer.hasRef()).toBe(true)
    await held.release()
    await (await waiting).release()
    expect(timer.hasRef()).toBe(false)
  })

  it('waits forever with a time-out of 0', async () => {
    const lock = new Lock()
    const held = await lock.acquire()
    const waiting = lock.acquire({ timeout: 0 })
    await vi.advanceTimersByTimeAsync(1_000_000)
    await held.release()
    expect(await waiting).toBeInstanceOf(LockGuard)
  })

  it('leaves no timer behind once granted', async () => {
    const lock = new Lock()
    const held = await lock.acquire()
    const waiting = lock.acquire({ timeout: 1000 })
    await held.release()
    await waiting
    expect(vi.getTimerCount()).toBe(0)
  })

  it('has tryAcquire, isLocked and stats', async () => {
    const lock = new Lock()
    expect(lock.isLocked).toBe(false)
    const guard = lock.tryAcquire()
    expect(lock.tryAcquire()).toBeNull()
    void lock.acquire().catch(() => {})
    expect(lock.isLocked).toBe(true)
    expect(lock.stats).toEqual({ readerCount: 0, writerActive: false, exclusiveActive: true, pendingRequests: 1 })
    await guard?.release()
  })

  it('is shared by all Lock objects of a key, and by none without a key', async () => {
    const [one, two, alone] = [new Lock({ key: 'k' }), new Lock({ key: 'k' }), new Lock()]
    const guard = one.tryAcquire()
    expect([two.tryAcquire(), two.isLocked]).toEqual([null, true])
    expect(alone.tryAcquire()).not.toBeNull()
    await guard?.release()
    expect(two.tryAcquire()).not.toBeNull()
    await one[Symbol.asyncDispose]()
    await two[Symbol.asyncDispose]()
    expect(new Lock({ key: 'k' }).isLocked).toBe(false)
  })

  it('serves ten thousand in order', async () => {
    const lock = new Lock()
    const order: number[] = []
    await Promise.all(
      Array.from({ length: 10_000 }, async (_, index) => {
        const guard = await lock.acquire()
        order.push(index)
        await guard.release()
      }),
    )
    expect(order).toEqual(Array.from({ length: 10_000 }, (_, index) => index))
  })
})

describe('a guard', () => {
  it('rejects a second release', async () => {
    const guard = await new Lock().acquire()
    await guard.release()
    expect(guard.isReleased).toBe(true)
    await expect(guard.release()).rejects.toThrow('exclusive lock already released')
    const lock = readWrite()
    const read = await lock.read()
    await read.release()
    await expect(read.release()).rejects.toThrow('read lock already released')
    const write = await lock.write()
    await write.release()
    await expect(write.release()).rejects.toThrow('write lock already released')
  })

  it('is silent when it is disposed after its release, in both ways', async () => {
    const lock = new Lock()
    const guard = await lock.acquire()
    await guard.release()
    await guard[Symbol.asyncDispose]()
    guard[Symbol.dispose]()
  })

  it('releases when it is disposed, in both ways', async () => {
    const lock = new Lock()
    {
      await using _guard = await lock.acquire()
      expect(lock.isLocked).toBe(true)
    }
    expect(lock.isLocked).toBe(false)
    {
      using _guard = await lock.acquire()
    }
    expect(lock.isLocked).toBe(false)
  })

  it('does not free the next holder by a late release', async () => {
    const lock = new Lock()
    const first = await lock.acquire()
    await first.release()
    await lock.acquire()
    await first.release().catch(() => {})
    expect(lock.isLocked).toBe(true)
  })
})

describe('a read-write lock in memory', () => {
  it('admits readers together and a writer alone', async () => {
    const lock = readWrite()
    const [one, two] = [await lock.read(), await lock.read()]
    expect(lock.stats).toMatchObject({ readerCount: 2, writerActive: false })
    expect(lock.tryWrite()).toBeNull()
    await one.release()
    await two.release()
    const writer = await lock.write()
    expect(lock.stats).toMatchObject({ readerCount: 0, writerActive: true })
    expect([lock.tryRead(), lock.tryWrite()]).toEqual([null, null])
    await writer.release()
    expect(lock.tryRead()).not.toBeNull()
  })

  it('does not let later readers pass a waiting writer', async () => {
    const lock = readWrite()
    const order: string[] = []
    const reader = await lock.read()
    const writing = lock.write().then(noting(order, 'writer'))
    const reading = [lock.read().then(noting(order, 'reader')), lock.read().then(noting(order, 'reader'))]
    await reader.release()
    await (await writing).release()
    await Promise.all(reading)
    expect(order).toEqual(['writer', 'reader', 'reader'])
    expect(lock.stats.readerCount).toBe(2)
  })

  it('does not let a try pass a waiting writer', async () => {
    const lock = readWrite()
    await lock.read()
    void lock.write().catch(() => {})
    expect(lock.tryRead()).toBeNull()
  })

  it('admits waiting readers when the writer before them times out', async () => {
    const lock = readWrite()
    await lock.read()
    const writing = expect(lock.write({ timeout: 10 })).rejects.toThrow('Write lock acquisition timed out after 10ms')
    const reading = lock.read()
    await vi.advanceTimersByTimeAsync(10)
    await writing
    expect(await reading).toBeInstanceOf(LockGuard)
  })

  it('names the kind of request in a time-out', async () => {
    const lock = readWrite()
    await lock.write()
    const reading = expect(lock.read({ timeout: 10 })).rejects.toThrow('Read lock acquisition timed out after 10ms')
    await vi.advanceTimersByTimeAsync(10)
    await reading
  })
})

describe('a request of the wrong mode', () => {
  it('rejects', async () => {
    await expect(readWrite().acquire()).rejects.toThrow('read-write mode')
    await expect(new Lock().read()).rejects.toThrow('not configured for read-write mode')
    await expect(new Lock().write()).rejects.toThrow('not configured for read-write mode')
    expect(() => readWrite().tryAcquire()).toThrow('read-write mode')
    expect(() => new Lock({ name: 'mine' }).tryRead()).toThrow("Lock 'mine' is not configured for read-write mode")
  })
})

describe('the end of a lock', () => {
  it('rejects waiting requests and releases what is held', async () => {
    const lock = new Lock()
    const guard = await lock.acquire()
    const waiting = expect(lock.acquire()).rejects.toThrow('Lock disposed')
    await lock[Symbol.asyncDispose]()
    await waiting
    expect(guard.isReleased).toBe(true)
    expect(guard.signal.reason).toEqual(new Error('Lock disposed'))
    await expect(lock.acquire()).rejects.toThrow('Lock disposed')
    expect(lock.tryAcquire()).toBeNull()
    await lock[Symbol.asyncDispose]()
  })

  it('comes with the end of its scope', async () => {
    const s = scope()
    const lock = s.acquireLock()
    const guard = await lock.acquire()
    const waiting = expect(lock.acquire()).rejects.toThrow('Scope disposed')
    await s[Symbol.asyncDispose]()
    await waiting
    expect(guard.isReleased).toBe(true)
    expect(() => s.acquireLock()).toThrow('Cannot acquire lock on disposed scope')
  })

  it('an abort of the scope rejects waiting requests', async () => {
    const controller = new AbortController()
    await using s = scope({ signal: controller.signal })
    const lock = s.acquireLock()
    const guard = await lock.acquire()
    const waiting = expect(lock.acquire()).rejects.toBe('stop')
    controller.abort('stop')
    await waiting
    await expect(lock.acquire()).rejects.toBe('stop')
    expect(guard.signal.aborted).toBe(false)
  })

  it('a scope keeps nothing of a lock that was disposed before it', async () => {
    await using s = scope()
    const lock = s.acquireLock()
    const guard = await lock.acquire()
    await lock[Symbol.asyncDispose]()
    expect(guard.isReleased).toBe(true)
  })
})

describe('lock options', () => {
  it('a provider needs a key', () => {
    const provider = { acquire: async () => null, extend: async () => false, forceRelease: async () => {} }
    const message = "Lock 'key' is required when using a persistence provider"
    expect(() => new Lock({ provider })).toThrow(message)
    expect(() => scope().acquireLock({ provider })).toThrow(message)
  })

  it('a ttl is a positive number', () => {
    expect(() => new Lock({ ttl: 0 })).toThrow(TypeError)
  })
})
