import { ManualClock } from '@go-go-scope/persistence-conformance'
import { type SqlDriver, SqliteAdapter } from '@go-go-scope/persistence-core'
import { connectRemote, serve } from '@go-go-scope/persistence-core/remote'
import { DatabaseSync } from '@photostructure/sqlite'
import { describe, expect, test } from 'vitest'
import { databaseSyncDriver } from './database-sync-driver.js'
import { inAnotherThread } from './in-another-thread.js'

const PACKED = /json_group_array/

/** Makes two clients of one owner, and records the statements on cache entries that reach the engine. */
async function servedTwice(way: 'within the call' | 'in a later turn') {
  const handle = new DatabaseSync(':memory:')
  const statements: string[] = []
  const clock = new ManualClock()
  const driver = databaseSyncDriver(handle, (sql) => {
    if (/SELECT.*go_goscope_cache/s.test(sql)) statements.push(sql)
    return undefined
  })
  const given: SqlDriver = way === 'within the call' ? driver : inAnotherThread(driver)
  const adapter = new SqliteAdapter(handle, () => given as never, { clock })
  await adapter.connect()
  const server = serve(adapter)
  const [one, other] = await Promise.all([
    connectRemote(server.createPort(), { clock }),
    connectRemote(server.createPort(), { clock }),
  ])
  // The first answers after a client connects are not packed.
  for (const { cache } of [one, other])
    for (let n = 0; n < 10; n++) await Promise.all(keys.map((key) => cache.get(key)))
  const sent = (): string[] => statements.splice(0)
  sent()
  const end = async () => {
    await Promise.all([one.disconnect(), other.disconnect()])
    await server.close()
    await adapter.disconnect()
  }
  return { handle, clock, adapter, one, other, sent, end }
}

const keys = Array.from({ length: 60 }, (_, index) => `k${index}`)

describe.each(['within the call', 'in a later turn'] as const)('an engine that answers %s', (way) => {
  test('answers short gets of a client as one row, with the value of each', async () => {
    const { adapter, clock, one, sent, end } = await servedTwice(way)
    const values = ['plain', 'with "quotes" and \\', 'line\nbreak\u0000', '🙂', '', null, 0, { a: [1] }]
    await adapter.cache.setMany(values.map((value, index) => [`k${index}`, value] as const))
    await adapter.cache.set('k40', 'expired', 10)
    clock.advance(10)
    sent()
    const got = await Promise.all([...keys, 'k0', 'k41'].map((key) => one.cache.get(key)))
    expect(got).toEqual([...keys.map((_, index) => values[index] ?? null), values[0], null])
    expect(sent()).toEqual([expect.stringMatching(PACKED)])
    await end()
  })

  test('gives calls that are not adjacent each its own answer', async () => {
    const { adapter, one, sent, end } = await servedTwice(way)
    await adapter.cache.setMany(keys.map((key, index) => [key, index] as const))
    sent()
    // Locks in memory are numbered with the calls but take another path.
    const both = keys.map((key) => Promise.all([one.cache.get(key), one.acquire(key, 1_000)]))
    expect((await Promise.all(both)).map(([value]) => value)).toEqual(keys.map((_, index) => index))
    expect(sent().some((sql) => PACKED.test(sql))).toBe(true)
    await end()
  })

  test('gives calls of two clients and of the owner each their own answer', async () => {
    const { adapter, one, other, end } = await servedTwice(way)
    await adapter.cache.setMany(keys.map((key, index) => [key, index] as const))
    for (const count of [60, 20, 5]) {
      const some = keys.slice(0, count)
      const got = await Promise.all(
        [one, other, adapter].map(({ cache }) => Promise.all(some.map((key) => cache.get(key)))),
      )
      for (const all of got) expect(all).toEqual(some.map((_, index) => index))
    }
    await end()
  })

  test('answers a value that no JSON holds, and the calls made with it', async () => {
    const { adapter, handle, one, end } = await servedTwice(way)
    await adapter.cache.setMany(keys.map((key, index) => [key, index] as const))
    handle.exec("UPDATE go_goscope_cache SET value = x'00ff' WHERE key = 'cache:k7'")
    const settled = await Promise.allSettled(keys.map((key) => one.cache.get(key)))
    const alone = await adapter.cache.get('k7')
    for (const [index, result] of settled.entries()) {
      expect(result).toEqual({ status: 'fulfilled', value: index === 7 ? alone : index })
    }
    await end()
  })

  test('answers long values as rows', async () => {
    const { adapter, one, sent, end } = await servedTwice(way)
    const long = (index: number) => `${index}`.repeat(2_000)
    await adapter.cache.setMany(keys.map((key, index) => [key, long(index)] as const))
    for (let round = 0; round < 10; round++) {
      sent()
      expect(await Promise.all(keys.map((key) => one.cache.get(key)))).toEqual(keys.map((_, index) => long(index)))
    }
    expect(
      sent().some((sql) => PACKED.test(sql)),
      'once it is known that they are long',
    ).toBe(false)
    await end()
  })
})
