import {
  createCache,
  createIdempotencyProvider,
  InMemoryCache,
  InMemoryCheckpointProvider,
  InMemoryIdempotencyProvider,
} from 'go-go-scope'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

/** Returns all words of up to `length` of these letters. */
function words(letters: string, length: number): string[] {
  const shorter = length === 0 ? [] : words(letters, length - 1)
  return ['', ...shorter.flatMap((word) => [...letters].map((letter) => letter + word))]
}

/** A reference for patterns that compares letter by letter. */
function fits(pattern: string, key: string): boolean {
  if (pattern === '') return key === ''
  if (pattern[0] !== '*') return pattern[0] === key[0] && fits(pattern.slice(1), key.slice(1))
  return fits(pattern.slice(1), key) || (key !== '' && fits(pattern, key.slice(1)))
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('InMemoryCache', () => {
  it('gets, sets, has and deletes', async () => {
    const cache = new InMemoryCache()
    expect(await cache.get('k')).toBeNull()
    await cache.set('k', { a: 1 })
    expect(await cache.get('k')).toEqual({ a: 1 })
    await cache.set('null', null)
    expect([await cache.get('null'), await cache.has('null'), await cache.has('none')]).toEqual([null, true, false])
    await cache.delete('k')
    expect(await cache.has('k')).toBe(false)
    await cache.clear()
    expect(cache.size).toBe(0)
  })

  it('expires after ttl ms', async () => {
    const cache = createCache()
    await cache.set('k', 1, 100)
    vi.advanceTimersByTime(99)
    expect(await cache.get('k')).toBe(1)
    vi.advanceTimersByTime(1)
    expect([await cache.get('k'), await cache.has('k')]).toEqual([null, false])
  })

  it.each([0, -1, Number.NaN])('refuses a ttl of %s', async (ttl) => {
    await expect(createCache().set('k', 1, ttl)).rejects.toThrow(RangeError)
  })

  it('drops the least recently used entry past maxSize', async () => {
    const cache = createCache({ maxSize: 2 })
    await cache.set('a', 1)
    await cache.set('b', 2)
    await cache.get('a')
    await cache.set('c', 3)
    expect(await cache.keys()).toEqual(['a', 'c'])
  })

  it('holds 1000 by default', async () => {
    const cache = createCache()
    for (let i = 0; i < 1001; i++) await cache.set(`k${i}`, i)
    expect(cache.size).toBe(1000)
    expect(await cache.has('k0')).toBe(false)
  })

  it('lists unexpired keys by pattern', async () => {
    const cache = createCache()
    for (const key of ['user:1', 'user:2', 'user.3', 'x\nuser:4']) await cache.set(key, 1)
    await cache.set('user:gone', 1, 5)
    vi.advanceTimersByTime(5)
    expect(await cache.keys()).toHaveLength(4)
    expect(await cache.keys('user:*')).toEqual(['user:1', 'user:2'])
    expect(await cache.keys('*user:4')).toEqual(['x\nuser:4'])
    expect(await cache.keys('user.3')).toEqual(['user.3'])
    expect(await cache.keys('user')).toEqual([])
  })

  it('matches each pattern as its definition says', async () => {
    const cache = createCache()
    const keys = words('ab', 5)
    for (const key of keys) await cache.set(key, 1)
    for (const pattern of words('ab*', 5)) {
      expect([pattern, await cache.keys(pattern)]).toEqual([pattern, keys.filter((key) => fits(pattern, key))])
    }
  })

  it('matches a pattern of many stars without exponential time', async () => {
    vi.useRealTimers()
    const cache = createCache()
    await cache.set('a'.repeat(60), 1)
    const started = performance.now()
    expect(await cache.keys(`${'*a'.repeat(6)}*b`)).toEqual([])
    // A RegExp takes seconds with six stars, and minutes with eight.
    expect(performance.now() - started).toBeLessThan(1000)
  })

  it('counts hits and misses, prunes and is disposed', async () => {
    const cache = createCache()
    expect(cache.stats()).toEqual({ hits: 0, misses: 0, size: 0, hitRatio: 0 })
    await cache.set('a', 1)
    await cache.set('b', 1, 5)
    for (const key of ['a', 'a', 'a', 'none']) await cache.get(key)
    expect(cache.stats()).toEqual({ hits: 3, misses: 1, size: 2, hitRatio: 0.75 })
    vi.advanceTimersByTime(5)
    expect([cache.size, cache.prune(), cache.size]).toEqual([2, 1, 1])
    cache[Symbol.dispose]()
    expect(cache.size).toBe(0)
  })
})

describe('InMemoryIdempotencyProvider', () => {
  it('gives value and expiry', async () => {
    vi.setSystemTime(1_000_000)
    const provider = createIdempotencyProvider()
    expect(await provider.get('k')).toBeNull()
    await provider.set('k', [undefined, 1])
    expect(await provider.get('k')).toStrictEqual({ value: [undefined, 1], expiresAt: undefined })
    await provider.set('k', 2, 500)
    expect(await provider.get('k')).toEqual({ value: 2, expiresAt: 1_000_500 })
    await provider.delete('k')
    expect(await provider.get('k')).toBeNull()
  })

  it('counts expired entries until they are touched or cleaned up', async () => {
    const provider = new InMemoryIdempotencyProvider()
    for (const key of ['a', 'b', 'c']) await provider.set(key, 1, 10)
    await provider.set('d', 1)
    vi.advanceTimersByTime(10)
    expect(provider.size).toBe(4)
    await provider.get('a')
    expect(provider.size).toBe(3)
    expect(provider.cleanup()).toBe(2)
    expect(provider.size).toBe(1)
    provider.clear()
    expect(provider.size).toBe(0)
    await provider.set('e', 1)
    provider[Symbol.dispose]()
    expect(provider.size).toBe(0)
  })

  it('holds maxSize entries', async () => {
    const provider = createIdempotencyProvider({ maxSize: 1 })
    await provider.set('a', 1)
    await provider.set('b', 1)
    expect([await provider.get('a'), provider.size]).toEqual([null, 1])
  })
})

describe('InMemoryCheckpointProvider', () => {
  const point = (taskId: string, sequence: number, data: unknown = sequence) => {
    return { id: `${taskId}-${sequence}`, taskId, sequence, timestamp: 1, progress: 12.5, data }
  }

  it('saves, lists, loads and isolates tasks', async () => {
    const provider = new InMemoryCheckpointProvider()
    for (const sequence of [2, 10, 1]) await provider.save(point('a', sequence))
    await provider.save(point('b', 99))
    expect((await provider.list('a')).map(({ sequence }) => sequence)).toEqual([1, 2, 10])
    expect(await provider.loadLatest('a')).toEqual(point('a', 10))
    expect(await provider.load('a-2')).toEqual(point('a', 2))
    expect([await provider.load('none'), await provider.loadLatest('none')]).toEqual([undefined, undefined])
    expect(await provider.list('none')).toEqual([])
    await provider.deleteAll('a')
    expect([await provider.list('a'), await provider.list('b')]).toEqual([[], [point('b', 99)]])
  })

  it('replaces the same id, and keeps the highest sequences at cleanup', async () => {
    const provider = new InMemoryCheckpointProvider()
    await provider.save(point('a', 1, 'old'))
    await provider.save(point('a', 1, 'new'))
    expect(await provider.list('a')).toEqual([point('a', 1, 'new')])
    for (const sequence of [2, 3, 4]) await provider.save(point('a', sequence))
    await provider.cleanup('a', 2)
    expect((await provider.list('a')).map(({ sequence }) => sequence)).toEqual([3, 4])
    await provider.cleanup('a', 0)
    expect(await provider.list('a')).toEqual([])
  })

  it('keeps a copy that later changes of the data do not touch', async () => {
    const provider = new InMemoryCheckpointProvider()
    const data = { done: [1] }
    await provider.save(point('a', 1, data))
    data.done.push(2)
    const loaded = await provider.loadLatest<typeof data>('a')
    expect(loaded?.data).toEqual({ done: [1] })
    loaded?.data.done.push(3)
    expect((await provider.load('a-1'))?.data).toEqual({ done: [1] })
  })
})
