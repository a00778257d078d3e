import { Keyv5Store, KeyvStore } from '@go-go-scope/keyv'
import { Keyv } from 'keyv'
import { Keyv as Keyv5 } from 'keyv5'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type AdapterUnderTest, type Place, takePlace } from '../cell.js'

/** The members that both versions have. */
interface AnyKeyv {
  get(key: string): Promise<unknown>
  set(key: string, value: unknown, ttl?: number): Promise<boolean>
  setMany(entries: { key: string; value: unknown; ttl?: number }[]): Promise<unknown>
  delete(key: string): Promise<unknown>
  clear(): Promise<void>
  disconnect(): Promise<void>
  iterator?: unknown
}

let place: Place
let adapter: AdapterUnderTest
beforeAll(async () => {
  place = await takePlace()
  adapter = await place.open()
})
afterAll(() => place?.[Symbol.asyncDispose]())
beforeEach(() => adapter.cache.clear())

const keyv = (namespace?: string, { cache } = adapter): AnyKeyv =>
  new Keyv({ store: new KeyvStore(cache), ...(namespace && { namespace }) })
const keyv5 = (namespace: string, { cache } = adapter): AnyKeyv =>
  new Keyv5({ store: new Keyv5Store(cache), namespace })

async function entriesOf(one: AnyKeyv): Promise<[string, unknown][]> {
  const entries: [string, unknown][] = []
  for await (const entry of (one.iterator as () => AsyncIterable<[string, unknown]>).call(one)) entries.push(entry)
  return entries.toSorted()
}

describe.each([
  ['Keyv 6', keyv, ['tenant', 'tenant*', 'tenant%', 'tenan?', 'tenan_', 'tenant:a', 'tenant%3Aa', 'TENANT', '\u{1}']],
  // Keys are namespace, colon, key. So the namespace `tenant:a` and keys that begin with `a:` cannot be distinguished.
  ['Keyv 5', keyv5, ['tenant', 'tenant*', 'tenant%', 'tenan?', 'tenan_', 'TENANT', '\u{1}']],
] as const)('%s', (_version, make, namespaces) => {
  test('each namespace has its own entries, and clears only them', async () => {
    const own = (namespace: string) => [['a:key', namespace]]
    await Promise.all(namespaces.map((namespace) => make(namespace).set('a:key', namespace)))
    for (const [index, namespace] of namespaces.entries()) {
      const left = await Promise.all(namespaces.map((one) => entriesOf(make(one))))
      expect(left).toEqual(namespaces.map((one, at) => (at < index ? [] : own(one))))
      await make(namespace).clear()
    }
    expect(await adapter.cache.keys()).toEqual([])
  })

  test('entries of the app itself are neither found nor cleared', async () => {
    await adapter.cache.set('session:42', 'of the app')
    await make('session').set('42', 'of Keyv')
    await make('session').clear()
    expect(await adapter.cache.get('session:42')).toBe('of the app')
  })

  test('all entries are iterated, however many', async () => {
    const all = Array.from({ length: 250 }, (_, index) => ({ key: `key ${index}`, value: index }))
    await make('many').setMany(all)
    expect(await entriesOf(make('many'))).toEqual(all.map(({ key, value }) => [key, value]).toSorted())
  })

  test('another connection has the same entries', async () => {
    await make('shared').set('key', { of: 'the first' })
    const other = await place.open()
    const there = make('shared', other)
    expect(await there.get('key')).toEqual({ of: 'the first' })
    await there.delete('key')
    expect(await make('shared').get('key')).toBeUndefined()
  })

  test('disconnecting a Keyv leaves the adapter of the app connected', async () => {
    await make('closed').disconnect()
    expect(adapter.isConnected()).toBe(true)
  })
})

test('Keyv 5: a value whose time to live is over already is not found, nor is the one before it', async () => {
  await keyv5('a').setMany(['one', 'two'].map((key) => ({ key, value: 'old' })))
  expect(await keyv5('a').set('one', 'new', -1)).toBe(true)
  await keyv5('a').setMany([{ key: 'two', value: 'new', ttl: -1 }])
  expect(await entriesOf(keyv5('a'))).toEqual([])
})

test('Keyv 5 with useKeyPrefix: false: each namespace has its own entries, and clears them', async () => {
  const bare = (namespace: string): AnyKeyv =>
    new Keyv5({ store: new Keyv5Store(adapter.cache), namespace, useKeyPrefix: false })
  await bare('a').set('key', 'of a')
  await bare('b').setMany([{ key: 'key', value: 'of b' }])
  expect([await bare('a').get('key'), await keyv5('b').get('key')]).toEqual(['of a', 'of b'])
  expect(await entriesOf(bare('a'))).toEqual([['a:key', 'of a']])
  expect(await bare('a').get('a:key')).toBe('of a')
  await bare('a').clear()
  expect([await bare('a').get('key'), await bare('b').get('key')]).toEqual([undefined, 'of b'])
  expect([await bare('b').delete('key'), await bare('b').delete('key')]).toEqual([true, false])
})

test('Keyv 6 reads what Keyv 5 has written', async () => {
  await keyv5('session').set('42', { user: 'ada' })
  expect(await keyv('session').get('42')).toEqual({ user: 'ada' })
})

test('without a namespace, Keyv 6 clears entries without one', async () => {
  await keyv().set('key', 'without')
  await keyv('other').set('key', 'with')
  await keyv().clear()
  expect(await keyv().get('key')).toBeUndefined()
  expect(await keyv('other').get('key')).toBe('with')
})

describe('the store of Keyv 6', () => {
  const store = () => new KeyvStore(adapter.cache)

  test('is used as it is, not wrapped', () => {
    const one = store()
    expect(new Keyv({ store: one }).store).toBe(one)
  })

  test('removes expired entries by itself', async () => {
    await store().set('key', 'value', Date.now() + 50)
    await expect.poll(() => store().get('key'), { timeout: 20_000 }).toBeUndefined()
    expect(await store().has('key')).toBe(false)
  })

  test('removes a key that is set as expired already', async () => {
    await store().setMany([{ key: 'key', value: 'old' }])
    await store().setMany([{ key: 'key', value: 'new', expires: Date.now() - 1 }])
    expect(await store().get('key')).toBeUndefined()
  })

  test('answers each of many keys', async () => {
    await store().setMany([
      { key: 'a', value: 1 },
      { key: 'b', value: 2 },
    ])
    expect(await store().getMany(['b', 'none', 'a'])).toEqual([2, undefined, 1])
    expect(await store().hasMany(['b', 'none'])).toEqual([true, false])
    expect(await store().deleteMany(['a', 'none'])).toEqual([true, false])
    expect(await store().delete('b')).toBe(true)
    expect(await store().delete('b')).toBe(false)
  })

  test('keeps values that are not text as they are', async () => {
    const unserialized = new Keyv({ store: store(), serialization: false })
    const value = { at: new Date(0), tags: new Set(['a']) }
    await unserialized.set('key', value)
    expect(await unserialized.get('key')).toEqual(value)
  })

  test('is refused by Keyv 5 at once, whose times to live it would take for points in time', () => {
    expect(() => new Keyv5({ store: store() as never })).toThrow(/for Keyv 6; with Keyv 5 use new Keyv5Store/)
  })

  test('a failure of the database is reported by Keyv', async () => {
    const closed = await place.open()
    await closed.disconnect()
    const broken = new Keyv({ store: new KeyvStore(closed.cache) })
    const errors: unknown[] = []
    broken.on('error', (error: unknown) => errors.push(error))
    expect(await broken.set('key', 'value')).toBe(false)
    expect(errors).toEqual([expect.objectContaining({ code: 'CLOSED' })])
  })
})

test.each([[KeyvStore], [Keyv5Store]])('%o over an object that is not a cache is refused', (Store) => {
  expect(() => new Store({} as never)).toThrow(/pass the cache of an adapter, got an object without getMany/)
  expect(() => new Store(undefined as never)).toThrow('got undefined')
})
