import { SqliteAdapter } from '@go-go-scope/persistence-core'
import { connectRemote, serve } from '@go-go-scope/persistence-core/remote'
import { DatabaseSync } from '@photostructure/sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { databaseSyncDriver } from './database-sync-driver.js'

type Caching = Pick<SqliteAdapter, 'cache' | 'disconnect'>

describe('loads over two connections of one thread', () => {
  let adapter: SqliteAdapter
  let second: SqliteAdapter
  let server: ReturnType<typeof serve>
  let one: Awaited<ReturnType<typeof connectRemote>>
  let other: typeof one
  beforeEach(async () => {
    const driver = databaseSyncDriver(new DatabaseSync(':memory:'), () => undefined)
    const handle = {}
    adapter = new SqliteAdapter(handle, () => driver as never)
    second = new SqliteAdapter(handle, () => driver as never)
    await Promise.all([adapter.connect(), second.connect()])
    server = serve(adapter)
    one = await connectRemote(server.createPort())
    other = await connectRemote(server.createPort())
  })
  afterEach(async () => {
    await Promise.all([one.disconnect(), other.disconnect(), second.disconnect()])
    await server.close()
    await adapter.disconnect()
  })

  test('are refused if one asks for its own key', async () => {
    const asked = one.cache.getOrSet('k', () => other.cache.getOrSet('k', () => 1))
    await expect(asked).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  })

  test('are refused if they ask for each other', async () => {
    const asked = one.cache.getOrSet('k', () => other.cache.getOrSet('between', () => one.cache.getOrSet('k', () => 1)))
    await expect(asked).rejects.toThrow('through that of "between"')
  })

  test.each([
    ['the owner asks', () => adapter.cache.getOrSet('k', () => one.cache.getOrSet('k', () => 1))],
    ['the owner is asked', () => one.cache.getOrSet('k', () => adapter.cache.getOrSet('k', () => 1))],
  ])('are refused where %s for its own key, in the thread of the owner', async (_, ask) => {
    await expect(ask()).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  })

  test('are not refused if they are of two databases, also of owners with the same random numbers', async () => {
    const random = () => 0
    const owners = [0, 1].map(() => {
      const driver = databaseSyncDriver(new DatabaseSync(':memory:'), () => undefined)
      return new SqliteAdapter({}, () => driver as never, { random })
    })
    await Promise.all(owners.map((owner) => owner.connect()))
    const servers = owners.map((owner) => serve(owner))
    const clients = await Promise.all(servers.map((of) => connectRemote(of.createPort())))
    const [near, far] = clients as [typeof one, typeof one]
    expect(await near.cache.getOrSet('k', () => far.cache.getOrSet('k', () => 1))).toBe(1)
    await Promise.all(clients.map((client) => client.disconnect()))
    await Promise.all(servers.map((of) => of.close()))
    await Promise.all(owners.map((owner) => owner.disconnect()))
  })

  test.each([
    ['a client', 'another client', () => [one, other]],
    ['a client', 'the owner', () => [one, adapter]],
    ['an adapter of the owner', 'another one', () => [second, adapter]],
    ['an adapter of the owner', 'a client', () => [second, one]],
  ] satisfies [string, string, () => [Caching, Caching]][])(
    'of %s that is disconnected meanwhile are left to %s, who waits',
    async (_, __, clients) => {
      const [leaving, waiting] = clients()
      let goOn: () => void = () => undefined
      const gate = new Promise<void>((resolve) => {
        goOn = resolve
      })
      let asked: Promise<unknown> | undefined
      const begun = new Promise<void>((resolve) => {
        asked = leaving.cache.getOrSet('k', async () => {
          resolve()
          await gate
          return leaving.cache.get('other')
        })
      })
      const failed = expect(asked).rejects.toMatchObject({ code: 'CLOSED' })
      await begun
      const got = waiting.cache.getOrSet('k', () => 'of the one who waited')
      // After these calls, its request has reached the owner.
      for (let left = 5; left > 0; left--) await waiting.cache.get('k')
      const left = leaving.disconnect()
      goOn()
      await failed
      expect(await got).toBe('of the one who waited')
      await left
    },
  )

  test.each([
    ['a client', () => one],
    ['an adapter of the owner', () => second],
  ] satisfies [string, () => Caching][])(
    'of %s that is disconnected meanwhile fail for all of its callers, and none of them loads again',
    async (_, client) => {
      const leaving = client()
      let goOn: () => void = () => undefined
      const gate = new Promise<void>((resolve) => {
        goOn = resolve
      })
      let loads = 0
      const load = async () => {
        loads++
        await gate
        throw new Error('left')
      }
      const asked = Array.from({ length: 5 }, () => leaving.cache.getOrSet('k', load))
      const failed = Promise.all(asked.map((got) => expect(got).rejects.toThrow('left')))
      await expect.poll(() => loads).toBe(1)
      const left = leaving.disconnect()
      goOn()
      await failed
      expect(loads).toBe(1)
      await left
    },
  )

  test('of two clients are told apart when the first asks for a key that the second loads', async () => {
    let begin: () => void = () => undefined
    let end: (value: string) => void = () => undefined
    const isBegun = new Promise<void>((resolve) => {
      begin = resolve
    })
    const value = new Promise<string>((resolve) => {
      end = resolve
    })
    const asked = one.cache.getOrSet('asks', async () => {
      await isBegun
      const got = one.cache.getOrSet('slow', () => 'not this')
      for (let left = 5; left > 0; left--) await one.cache.get('k')
      end('loaded once')
      return got
    })
    await one.cache.get('k')
    const slow = other.cache.getOrSet('slow', () => {
      begin()
      return value
    })
    expect(await asked).toBe('loaded once')
    await slow
  })

  test('wait for one another if they form no circle', async () => {
    const third = await connectRemote(server.createPort())
    /** Waits until the requests have reached the owner: a read of the cache and the request to load. */
    const arrived = async () => {
      for (let left = 5; left > 0; left--) await Promise.all([one, other, third].map(({ cache }) => cache.get('k')))
    }
    let load: (value: string) => void = () => undefined
    // Each is the first load of its connection.
    const slow = new Promise<void>((begun) => {
      const wait = () => {
        begun()
        return new Promise<string>((resolve) => {
          load = resolve
        })
      }
      void other.cache.getOrSet('slow', wait)
    })
    await slow
    const waiting = new Promise<void>((begun) => {
      void third.cache.getOrSet('waits', () => {
        begun()
        return third.cache.getOrSet('slow', () => 'not this')
      })
    })
    await waiting
    await arrived()
    const asked = one.cache.getOrSet('asks', () => other.cache.getOrSet('waits', () => 'not this'))
    await arrived()
    load('loaded once')
    expect(await asked).toBe('loaded once')
    await third.disconnect()
  })
})
