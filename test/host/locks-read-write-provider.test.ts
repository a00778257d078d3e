import { Lock, LockGuard, type LockOptions, type LockProvider } from 'go-go-scope'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { MemoryLockProvider } from './support/memory-lock-provider.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const lockOn = (provider: LockProvider, options: LockOptions = {}) =>
  new Lock({ provider, key: 'k', allowMultipleReaders: true, ...options })

/** Several providers over the same locks, as in several processes. */
function processes(count: number): MemoryLockProvider[] {
  const locks: MemoryLockProvider['locks'] = new Map()
  return Array.from({ length: count }, () => new MemoryLockProvider(locks))
}

const NO = { timeout: 0 }

describe('a read-write lock over a provider', () => {
  it('excludes a writer while another process reads, and readers while another process writes', async () => {
    const [one, two] = processes(2).map((provider) => lockOn(provider)) as [Lock, Lock]
    const reader = await one.read()
    await expect(two.write(NO)).rejects.toThrow('Write lock acquisition timed out after 0ms')
    await expect(one.write(NO)).rejects.toThrow('Write lock acquisition timed out after 0ms')
    await reader.release()
    const writer = await two.write(NO)
    await expect(one.read(NO)).rejects.toThrow('Read lock acquisition timed out after 0ms')
    await expect(one.write(NO)).rejects.toThrow()
    await expect(two.read(NO)).rejects.toThrow()
    await writer.release()
    expect(await one.read(NO)).toBeInstanceOf(LockGuard)
  })

  it('does not ask the provider for a writer while its own process reads', async () => {
    const [provider] = processes(1) as [MemoryLockProvider]
    const lock = lockOn(provider)
    const reader = await lock.read()
    const asked = provider.asked.length
    const writing = lock.write()
    await vi.advanceTimersByTimeAsync(1000)
    expect(provider.asked.length).toBe(asked)
    await reader.release()
    expect(await writing).toBeInstanceOf(LockGuard)
  })

  it('lets readers of all processes in together', async () => {
    const locks = processes(5).map((provider) => lockOn(provider))
    for (const lock of [...locks, ...locks]) expect(await lock.read(NO)).toBeInstanceOf(LockGuard)
    await expect(locks[0]?.write(NO)).rejects.toThrow()
  })

  it('excludes also when all requests have one owner', async () => {
    const [one, two] = processes(2).map((provider) => lockOn(provider, { owner: 'same' })) as [Lock, Lock]
    await one.read()
    await expect(two.write(NO)).rejects.toThrow()
    await expect(one.write(NO)).rejects.toThrow()
  })

  it('uses lock:write:<key> and lock:read:<key>: and nothing is left after release', async () => {
    const [provider] = processes(1) as [MemoryLockProvider]
    const lock = lockOn(provider)
    const readers = [await lock.read(), await lock.read()]
    expect([...provider.locks.keys()]).toEqual(['lock:read:k:0'])
    for (const reader of readers) await reader.release()
    const writer = await lock.write()
    expect([...provider.locks.keys()].sort()[16]).toBe('lock:write:k')
    expect(provider.locks.size).toBe(17)
    await writer.release()
    expect(provider.locks.size).toBe(0)
    await expect(writer.release()).rejects.toThrow('write lock already released')
    expect(vi.getTimerCount()).toBe(0)
  })

  it('asks for each write as another owner, because a provider lets the same one in again', async () => {
    const [provider] = processes(1) as [MemoryLockProvider]
    const acquire = vi.spyOn(provider, 'acquire')
    const lock = lockOn(provider, { owner: 'me' })
    for (let write = 0; write < 2; write++) await (await lock.write()).release()
    const owners = acquire.mock.calls.filter(([key]) => key === 'lock:write:k').map(([, , owner]) => owner)
    expect(owners).toEqual([expect.stringContaining('me:'), expect.stringContaining('me:')])
    expect(new Set(owners).size).toBe(2)
  })

  it('lets a writer through although readers of another process keep coming', async () => {
    const [one, two] = processes(2).map((provider) => lockOn(provider)) as [Lock, Lock]
    let reading = true
    let reads = 0
    const reader = async (offset: number) => {
      await new Promise((resolve) => setTimeout(resolve, offset))
      while (reading) {
        const guard = await one.read({ pollInterval: 20 })
        reads++
        await new Promise((resolve) => setTimeout(resolve, 30))
        await guard.release()
      }
    }
    const readers = [0, 10, 20].map(reader)
    await vi.advanceTimersByTimeAsync(200)
    expect(reads).toBeGreaterThan(10)
    const writing = two.write({ pollInterval: 20, timeout: 1000 })
    await vi.advanceTimersByTimeAsync(500)
    await (await writing).release()
    reading = false
    await vi.advanceTimersByTimeAsync(1000)
    await Promise.all(readers)
  })

  it('releases what a timed-out writer had acquired', async () => {
    const [one, two] = processes(2) as [MemoryLockProvider, MemoryLockProvider]
    const reader = await lockOn(one).read()
    const writing = expect(lockOn(two).write({ timeout: 500 })).rejects.toThrow(
      'Write lock acquisition timed out after 500ms',
    )
    await vi.advanceTimersByTimeAsync(500)
    await writing
    await vi.advanceTimersByTimeAsync(0)
    expect([...one.locks.keys()]).toEqual(['lock:read:k:0'])
    await reader.release()
    expect(one.locks.size).toBe(0)
  })

  it('renews what a waiting writer has taken', async () => {
    const [one, two] = processes(2) as [MemoryLockProvider, MemoryLockProvider]
    const reader = await lockOn(one, { ttl: 1000 }).read()
    const writing = lockOn(two, { ttl: 1000 }).write()
    await vi.advanceTimersByTimeAsync(5000)
    await expect(lockOn(one).write(NO)).rejects.toThrow()
    await reader.release()
    await vi.advanceTimersByTimeAsync(125)
    expect(await writing).toBeInstanceOf(LockGuard)
  })

  it('takes the gate again for a waiting writer that has lost it', async () => {
    const [one, two] = processes(2) as [MemoryLockProvider, MemoryLockProvider]
    const reader = await lockOn(one).read()
    const writing = lockOn(two, { ttl: 1000 }).write()
    await vi.advanceTimersByTimeAsync(100)
    await one.forceRelease('lock:write:k')
    await vi.advanceTimersByTimeAsync(1000)
    await reader.release()
    await vi.advanceTimersByTimeAsync(125)
    expect((await writing).signal.aborted).toBe(false)
  })

  it('lets no request of the same process pass a writer that has taken a part', async () => {
    const [one, two] = processes(2) as [MemoryLockProvider, MemoryLockProvider]
    const remote = await lockOn(one).read()
    const lock = lockOn(two)
    const order: string[] = []
    const note = (name: string) => (guard: LockGuard) => {
      order.push(name)
      return guard.release()
    }
    const writing = lock.write().then(note('writer'))
    await vi.advanceTimersByTimeAsync(200)
    const reading = lock.read({ priority: 1 }).then(note('reader'))
    await expect(lock.read({ priority: 2, timeout: 0 })).rejects.toThrow('Read lock acquisition timed out after 0ms')
    await remote.release()
    await vi.advanceTimersByTimeAsync(500)
    await Promise.all([writing, reading])
    expect(order).toEqual(['writer', 'reader'])
  })

  it('aborts the readers whose slot was lost, and a writer that lost any of its leases', async () => {
    const [provider] = processes(1) as [MemoryLockProvider]
    const lock = lockOn(provider, { ttl: 1000 })
    const readers = [await lock.read(), await lock.read()]
    await provider.forceRelease('lock:read:k:0')
    await vi.advanceTimersByTimeAsync(600)
    expect(readers.map(({ signal }) => signal.aborted)).toEqual([true, true])
    for (const reader of readers) await reader.release()
    const writer = await lock.write()
    await provider.forceRelease('lock:read:k:7')
    await vi.advanceTimersByTimeAsync(600)
    expect(writer.signal.aborted).toBe(true)
  })

  it('rejects a writer with the error of the provider, and releases what it had taken', async () => {
    const [provider] = processes(1) as [MemoryLockProvider]
    const acquire = provider.acquire.bind(provider)
    vi.spyOn(provider, 'acquire').mockImplementation((key, ttl, owner) =>
      key === 'lock:read:k:5' ? Promise.reject(new Error('closed')) : acquire(key, ttl, owner),
    )
    await expect(lockOn(provider).write()).rejects.toThrow('closed')
    expect(provider.locks.size).toBe(0)
  })

  it('is served in order within a process', async () => {
    const [provider] = processes(1) as [MemoryLockProvider]
    const lock = lockOn(provider)
    const order: string[] = []
    const note = (name: string) => (guard: LockGuard) => {
      order.push(name)
      return guard.release()
    }
    const held = await lock.write()
    const all = [
      lock.read().then(note('reader')),
      lock.write().then(note('writer')),
      lock.read().then(note('second reader')),
      lock.write({ priority: 1 }).then(note('urgent writer')),
    ]
    await held.release()
    await vi.advanceTimersByTimeAsync(1000)
    await Promise.all(all)
    expect(order).toEqual(['urgent writer', 'reader', 'writer', 'second reader'])
  })

  it.each([1, 2, 3])(
    'never lets a writer hold with another holder, in any order of arrival (seed %s)',
    async (seed) => {
      const random = randomFrom(seed)
      const pause = (most: number) => new Promise((resolve) => setTimeout(resolve, Math.ceil(random() * most)))
      const providers = processes(3)
      for (const provider of providers) {
        const acquire = provider.acquire.bind(provider)
        vi.spyOn(provider, 'acquire').mockImplementation(async (...args) => {
          await pause(4)
          const handle = await acquire(...args)
          await pause(4)
          return handle
        })
      }
      let readers = 0
      let writers = 0
      let most = 0
      const actor = async (lock: Lock) => {
        for (let turn = 0; turn < 15; turn++) {
          await pause(40)
          const writes = random() < 0.3
          const guard = await (writes ? lock.write({ pollInterval: 10 }) : lock.read({ pollInterval: 10 }))
          if (writes) writers++
          else readers++
          most = Math.max(most, readers)
          expect(writers === 0 || (writers === 1 && readers === 0)).toBe(true)
          await pause(30)
          if (writes) writers--
          else readers--
          await guard.release()
        }
      }
      let done = false
      const all = Promise.all(providers.flatMap((provider) => [0, 1, 2].map(() => actor(lockOn(provider))))).then(
        () => {
          done = true
        },
      )
      for (let step = 0; step < 2000 && !done; step++) await vi.advanceTimersByTimeAsync(50)
      expect(done).toBe(true)
      await all
      expect(most).toBeGreaterThan(2)
      expect(providers[0]?.locks.size).toBe(0)
    },
  )
})

/** mulberry32 */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
