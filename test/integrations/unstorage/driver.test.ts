import { type PersistenceDriverOptions, persistenceDriver } from '@go-go-scope/unstorage'
import { createStorage, type Driver } from 'unstorage'
import memoryDriver from 'unstorage/drivers/memory'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type AdapterUnderTest, type Place, takePlace } from '../cell.js'
import { driverSuite } from './driver-suite.js'

let place: Place
let adapter: AdapterUnderTest
beforeAll(async () => {
  place = await takePlace()
  adapter = await place.open()
})
afterAll(() => place?.[Symbol.asyncDispose]())

// unstorage's own driver passes the suite, which shows that the suite demands only what unstorage documents.
describe("unstorage's own driver for memory", () => {
  driverSuite(async () => memoryDriver() as Driver)
})

describe('the driver', () => {
  driverSuite(async () => {
    await adapter.cache.clear()
    return persistenceDriver({ cache: adapter.cache })
  })
})

describe('features of this driver only', () => {
  beforeEach(() => adapter.cache.clear())
  const storageOf = (options?: Partial<PersistenceDriverOptions>) =>
    createStorage({ driver: persistenceDriver({ cache: adapter.cache, ...options }) })

  test.each([
    ['an item', (ttl: number) => storageOf().setItem('key', 'value', { ttl })],
    ['a raw item', (ttl: number) => storageOf().setItemRaw('key', 'value', { ttl })],
    ['each item of a batch', (ttl: number) => storageOf().setItems([{ key: 'key', value: 'value', options: { ttl } }])],
    ['a batch', (ttl: number) => storageOf().setItems([{ key: 'key', value: 'value' }], { ttl })],
    ['the driver', (ttl: number) => storageOf({ ttl }).setItem('key', 'value')],
  ])('%s may have a ttl, in seconds', async (_name, set) => {
    await set(0.05)
    await expect.poll(() => storageOf().hasItem('key'), { timeout: 20_000 }).toBe(false)
    expect(await storageOf().getItem('key')).toBeNull()
    expect(await storageOf().getKeys()).toEqual([])
    await set(600)
    expect(await storageOf().getItem('key')).toBe('value')
    const { ttl } = await storageOf().getMeta('key', { nativeOnly: true })
    expect(ttl).toBeLessThanOrEqual(600)
    expect(ttl).toBeGreaterThan(500)
  })

  test('the ttl of an item goes before that of its batch, and that before the one of the driver', async () => {
    // Called as the interface describes. Current storages concatenate base and key themselves.
    const driver = persistenceDriver({ cache: adapter.cache, ttl: 100 })
    await driver.setItems(
      [
        { key: 'item', value: '1', options: { ttl: 1_000 } },
        { key: 'batch', value: '2' },
      ],
      { ttl: 400 },
    )
    await driver.setItem('driver', '3')
    const left = async (key: string) => Math.ceil(((await driver.getMeta(key))?.ttl ?? 0) / 100)
    expect([await left('item'), await left('batch'), await left('driver')]).toEqual([10, 4, 1])
  })

  test('an invalid ttl is refused, of an item and of the driver, and so is a base that is not text', async () => {
    for (const ttl of [0, -1, Number.NaN, '5', 5n] as number[]) {
      await expect(storageOf().setItem('key', 'value', { ttl })).rejects.toMatchObject({ code: 'INVALID_TTL' })
      await expect(storageOf().setItemRaw('key', 'value', { ttl })).rejects.toMatchObject({ code: 'INVALID_TTL' })
      expect(() => storageOf({ ttl })).toThrow(/option ttl must be a positive number of seconds/)
    }
    expect(() => storageOf({ base: 5 as never })).toThrow(/option base must be a string, got 5/)
    expect(await adapter.cache.keys()).toEqual([])
  })

  test('an item that does not expire has no ttl', async () => {
    await storageOf().setItem('key', 'value')
    expect(await storageOf().getMeta('key')).toEqual({})
  })

  test('a raw value may be of any kind that the cache stores', async () => {
    const value = { at: new Date(0), tags: new Map([['a', 1n]]) }
    await storageOf().setItemRaw('key', value)
    expect(await storageOf().getItemRaw('key')).toEqual(value)
  })

  test('storages with different bases, and the app itself, are isolated', async () => {
    await adapter.cache.set('key', 'of the app')
    await storageOf({ base: 'one' }).setItem('key', 1)
    await storageOf({ base: 'two' }).setItem('key', 2)
    expect(await storageOf({ base: 'one' }).getKeys()).toEqual(['key'])
    await storageOf({ base: 'one' }).clear()
    expect(await storageOf({ base: 'two' }).getItem('key')).toBe(2)
    expect(await adapter.cache.get('key')).toBe('of the app')
  })

  // No storage calls this method yet, but it is part of the interface of drivers.
  test.each(['s1:', 's1*:', 's_:'])('clear of %s removes the items within, and nothing else', async (base) => {
    const keys = ['s1:a', 's1*:b', 's_:c', 's10:d', 'S1:e']
    const driver = persistenceDriver({ cache: adapter.cache })
    await driver.setItems(keys.map((key) => ({ key, value: key })))
    await driver.clear(base)
    expect((await driver.getKeys()).toSorted()).toEqual(keys.filter((key) => !key.startsWith(base)).toSorted())
  })

  test('another connection has the same items', async () => {
    await storageOf().setItem('key', { of: 'the first' })
    const other = createStorage({ driver: persistenceDriver({ cache: (await place.open()).cache }) })
    expect(await other.getItem('key')).toEqual({ of: 'the first' })
  })

  test('disposing of a storage leaves the adapter of the app connected', async () => {
    await storageOf().dispose()
    expect(adapter.isConnected()).toBe(true)
  })

  test('a storage gives access to the cache', () => {
    expect(storageOf().getMount('').driver.getInstance?.()).toBe(adapter.cache)
  })

  test('an object that is not a cache is refused', () => {
    expect(() => persistenceDriver({ cache: {} as never })).toThrow(
      /pass option cache: the cache of an adapter, got an object without getMany/,
    )
  })

  test('an adapter or its cache in the place of the options is refused with what to write', () => {
    expect(() => persistenceDriver(adapter as never)).toThrow(
      'persistenceDriver: pass { cache: persistence.cache }, got an adapter',
    )
    expect(() => persistenceDriver(adapter.cache as never)).toThrow('pass { cache: persistence.cache }, got a cache')
  })
})
