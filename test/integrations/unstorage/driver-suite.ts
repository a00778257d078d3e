import {
  createStorage,
  type Driver,
  prefixStorage,
  restoreSnapshot,
  type Storage,
  type StorageValue,
  snapshot,
} from 'unstorage'
import { beforeEach, describe, expect, test } from 'vitest'

interface Item {
  key: string
  value: StorageValue
}

/**
 * Declares tests of what unstorage documents of a driver, called through a storage and directly. They do not depend on our
 * driver, so that unstorage's own drivers pass them too.
 *
 * @param makeDriver returns an empty driver
 */
export function driverSuite(makeDriver: () => Promise<Driver>): void {
  let driver: Driver
  let storage: Storage
  beforeEach(async () => {
    driver = await makeDriver()
    storage = createStorage({ driver })
  })

  describe('items', () => {
    test('an item that was never set does not exist, and reads as null', async () => {
      expect(await storage.hasItem('a')).toBe(false)
      expect(await storage.getItem('a')).toBeNull()
      expect(await storage.getItemRaw('a')).toBeNull()
      expect(await storage.getKeys()).toEqual([])
    })

    test('an item is found under every spelling of its key', async () => {
      await storage.setItem('s1:a', 'value')
      for (const key of ['s1:a', '/s1/a', 's1/a?mode=old', ':s1::a:', 's1\\a']) {
        expect(await storage.hasItem(key), key).toBe(true)
        expect(await storage.getItem(key), key).toBe('value')
      }
    })

    test.each([
      ['text', 'with "quotes" and \'quotes\''],
      ['an object', { nested: [1, { two: true }] }],
      ['a number', 1.5],
      ['zero', 0],
      ['true', true],
      ['false', false],
      ['null', null],
    ])('%s comes back as it was', async (_name, value) => {
      await storage.setItem('key', value)
      expect(await storage.getItem('key')).toEqual(value)
    })

    test('an item is replaced', async () => {
      await storage.setItem('key', 'one')
      await storage.setItem('key', 'two')
      expect(await storage.getItem('key')).toBe('two')
    })

    test('a removed item is gone, and so is one set to undefined', async () => {
      await storage.setItems([
        { key: 'a', value: 1 },
        { key: 'b', value: 2 },
        { key: 'c', value: 3 },
      ])
      await storage.removeItem('a')
      await storage.setItem('b', undefined as never)
      expect(await storage.getKeys()).toEqual(['c'])
    })

    test('removing an absent item succeeds', async () => {
      await expect(storage.removeItem('none')).resolves.toBeUndefined()
    })
  })

  describe('batches', () => {
    test('many items are set and read at once, the missing ones as null, in the order asked for', async () => {
      await storage.setItems([
        { key: 's1:a', value: 'one' },
        { key: 's2:b', value: { two: 2 } },
      ] as Item[])
      expect(await storage.getItems(['s2:b', 'none', { key: 's1:a' }])).toEqual([
        { key: 's2:b', value: { two: 2 } },
        { key: 'none', value: null },
        { key: 's1:a', value: 'one' },
      ])
    })

    test('an empty batch is answered', async () => {
      expect(await storage.getItems([])).toEqual([])
      await storage.setItems([])
      expect(await storage.getKeys()).toEqual([])
    })
  })

  describe('raw values', () => {
    test.each([
      ['no bytes', new Uint8Array()],
      ['bytes of every value', Uint8Array.from({ length: 256 }, (_, byte) => byte)],
    ])('%s come back as they were', async (_name, bytes) => {
      await storage.setItemRaw('bytes', bytes)
      const read = await storage.getItemRaw<Uint8Array>('bytes')
      expect(read).toBeInstanceOf(Uint8Array)
      expect([...(read as Uint8Array)]).toEqual([...bytes])
    })

    test('a raw text is not taken for JSON', async () => {
      await storage.setItemRaw('text', '{"a":1}')
      expect(await storage.getItemRaw('text')).toBe('{"a":1}')
    })
  })

  describe('keys', () => {
    const all = ['s1:a', 's1:b:c', 's10:d', 's1*:e', 's_:f', 'S1:g', 'top']
    beforeEach(() => storage.setItems(all.map((key) => ({ key, value: key }))))

    test('all are listed', async () => {
      expect((await storage.getKeys()).toSorted()).toEqual(all.toSorted())
    })

    test.each([
      ['s1', ['s1:a', 's1:b:c']],
      ['s1:b', ['s1:b:c']],
      ['s1*', ['s1*:e']],
      ['s_', ['s_:f']],
      ['none', []],
    ])('those within %s are listed, and no others', async (base, keys) => {
      expect((await storage.getKeys(base)).toSorted()).toEqual(keys)
    })

    test('they are listed to a depth', async () => {
      expect((await storage.getKeys('s1', { maxDepth: 1 })).toSorted()).toEqual(['s1:a'])
      expect((await storage.getKeys('', { maxDepth: 0 })).toSorted()).toEqual(['top'])
    })

    test('clear() removes all', async () => {
      await storage.clear()
      expect(await storage.getKeys()).toEqual([])
    })
  })

  describe('a storage', () => {
    test('keeps metadata with an item, and not in the keys', async () => {
      await storage.setItem('key', 'value')
      await storage.setMeta('key', { owner: 'ada', mtime: new Date(0) })
      expect(await storage.getMeta('key')).toMatchObject({ owner: 'ada', mtime: new Date(0) })
      expect(await storage.getKeys()).toEqual(['key'])
      await storage.removeItem('key', { removeMeta: true })
      expect(await storage.getMeta('key')).toEqual({})
    })

    test('notifies a watcher of its changes', async () => {
      const seen: string[] = []
      const unwatch = await storage.watch((event, key) => seen.push(`${event} ${key}`))
      await storage.setItem('a', 1)
      await storage.removeItem('a')
      await unwatch()
      await storage.setItem('b', 1)
      expect(seen).toEqual(['update a', 'remove a'])
    })

    test('accepts the driver at a mount point', async () => {
      const root = createStorage()
      root.mount('cache', driver)
      await root.setItem('outside', 1)
      await root.setItem('cache:inside', 2)
      expect(await storage.getKeys()).toEqual(['inside'])
      expect((await root.getKeys()).toSorted()).toEqual(['cache:inside', 'outside'])
      expect(await root.getItems(['cache:inside', 'outside'])).toEqual(
        expect.arrayContaining([{ key: 'cache:inside', value: 2 }]),
      )
      await root.clear('cache')
      expect(await root.getKeys()).toEqual(['outside'])
    })

    test('is accessible through a prefix', async () => {
      const shop = prefixStorage(storage, 'shop')
      await shop.setItem('apple', 120)
      expect(await storage.getItem('shop:apple')).toBe(120)
      expect(await shop.getKeys()).toEqual(['apple'])
    })

    test('can be saved and restored', async () => {
      await storage.setItems([
        { key: 'a:b', value: { one: 1 } },
        { key: 'a:c', value: 'two' },
      ] as Item[])
      const saved = await snapshot(storage, 'a')
      await storage.clear()
      await restoreSnapshot(storage, saved, 'a')
      expect(await storage.getItem('a:b')).toEqual({ one: 1 })
      expect(await storage.getItem('a:c')).toBe('two')
    })

    test('can be disposed of', async () => {
      await expect(storage.dispose()).resolves.toBeUndefined()
    })
  })
}
