import { type Inspectable, inspector } from '@go-go-scope/persistence-inspector'
import { SQLiteAdapter } from '@go-go-scope/persistence-sqlite-node'
import { DatabaseSync } from '@photostructure/sqlite'
import { describe, expect, test } from 'vitest'
import type { Overview } from '../../../packages/inspector/src/overview.js'
import { LOG_TABLES } from '../../../packages/shared/src/dialects/sqlite/schema/change-log.js'
import {
  clock,
  db,
  inspectorOf,
  KEY,
  LEASE_ENDS,
  OVERVIEW,
  persistence,
  requestFor,
  SECRET,
  TOKEN,
} from './inspected.js'

async function overview(query = '', inspect = inspectorOf()): Promise<Overview> {
  const response = await inspect(requestFor(OVERVIEW + query))
  expect(response.status).toBe(200)
  return (await response.json()) as Overview
}

describe('the lists', () => {
  test('show who holds a lock and for how long, and how far a task is', async () => {
    const { now, locks, tasks } = await overview()
    expect(now).toBe(clock.now())
    expect(locks).toEqual({
      items: [{ prefix: 'shop:', key: KEY, owner: 'ada', token: 1, holds: 1, expiresAt: LEASE_ENDS, held: true }],
      more: false,
    })
    expect(tasks.items).toMatchObject([
      { key: 'import', checkpoints: 1, latest: { progress: 41.9, estimatedTimeRemaining: 90_000 } },
    ])
  })

  test('contain the standbys while some follow', async () => {
    expect((await overview()).standbys).toEqual([])
    for (const text of LOG_TABLES) db.exec(text)
    db.exec(
      "INSERT INTO go_goscope_changes (seq, tbl) VALUES (7, ''); INSERT INTO go_goscope_followers VALUES ('s', 5, 9)",
    )
    expect((await overview()).standbys).toEqual([{ id: 's', position: 5, behind: 2, seenAt: 9 }])
    db.exec('DROP TABLE go_goscope_changes; DROP TABLE go_goscope_followers')
  })

  test('name the process of a generated owner', async () => {
    const claim = await persistence.idempotency.claim('charge:2', { lease: 5_000 })
    const { claims } = await overview()
    expect(claims.items).toMatchObject([{ key: 'charge:2', process: { pid: process.pid, alive: true } }])
    if (claim.state === 'claimed') await claim.complete('done')
  })

  test('contain the items of a prefix, those that start with a text, up to the requested number', async () => {
    await persistence.cache.setMany(Array.from({ length: 30 }, (_, index) => [`price:${index}`, index]))
    const all = await overview()
    expect(all.prefixes.items.map(({ prefix }) => prefix)).toContain('shop:')
    expect(all.entries, 'of all prefixes there are only sums').toBeUndefined()
    const { entries } = await overview('&prefix=shop:')
    expect([entries?.items.length, entries?.more]).toEqual([25, true])
    const more = await overview('&prefix=shop:&startsWith=price:&entries=50')
    expect([more.entries?.items.length, more.entries?.more, more.locks.items]).toEqual([30, false, []])
    expect((await overview('&prefix=other:')).locks.items).toEqual([])
    expect((await overview('&prefix=shop:&entries=-1')).entries?.items).toHaveLength(1)
  })

  test('begin with the circuits that are open', async () => {
    for (const key of ['a', 'b', 'c']) await persistence.circuitBreaker.recordFailure(key, key === 'c' ? 1 : 9)
    const { circuits } = await overview('&circuits=1')
    expect([circuits.items, circuits.more]).toMatchObject([[{ key: 'c', state: 'open' }], true])
  })

  test('count the circuits that are open, also those beyond the requested number', async () => {
    for (const key of ['d', 'e']) await persistence.circuitBreaker.isolate(key)
    const { circuits } = await overview('&circuits=1')
    expect(circuits).toMatchObject({ read: 5, open: 3, complete: true })
    expect((await overview('&prefix=none:')).circuits).toMatchObject({ read: 0, open: 0, complete: true })
  })

  test('continue after a row that cannot be read, and report its error', async () => {
    const broken = { id: 'c2', taskId: 'broken', sequence: 1, timestamp: clock.now(), progress: 0, data: 1 }
    await persistence.checkpoint.save(broken)
    db.exec("UPDATE go_goscope_checkpoints SET progress = 'half' WHERE id LIKE '%c2'")
    const { tasks } = await overview()
    const keys = tasks.items.map(({ key, unreadable }) => [key, unreadable?.slice(0, 16)])
    expect(keys).toEqual([
      ['broken', 'VALUE_UNREADABLE'],
      ['import', undefined],
    ])
  })

  test('with invalid parameters are refused with the reason', async () => {
    const response = await inspectorOf()(requestFor(`${OVERVIEW}&startsWith=a`))
    expect([response.status, await response.text()]).toEqual([400, expect.stringContaining('startsWith')])
  })

  test('of a disconnected adapter are reported as unavailable', async () => {
    const gone = await SQLiteAdapter.open(':memory:')
    const inspect = inspector(gone, { token: TOKEN })
    await gone.disconnect()
    expect((await inspect(requestFor(OVERVIEW))).status).toBe(503)
  })
})

const textOf = async (response: Response) => ((await response.json()) as { text: string }).text

describe('values', () => {
  const OF = ['entries&key=session:1', 'results&key=charge:1', 'tasks&key=import']

  test('are sent only on request, and only if the app allows it', async () => {
    for (const values of [false, true]) {
      const inspect = inspectorOf({ token: TOKEN, values })
      expect((await overview('', inspect)).values).toBe(values)
      const everything = JSON.stringify(await overview('&prefix=shop:&entries=500', inspect))
      expect(everything).toContain(KEY)
      expect(everything).not.toContain(SECRET)
    }
    for (const of of OF) {
      const response = await inspectorOf()(requestFor(`?view=value&prefix=shop:&of=${of}`))
      expect([response.status, await response.text()]).toEqual([403, expect.not.stringContaining(SECRET)])
    }
  })

  test.each(OF)('are sent one at a time where the app allows it: %s', async (of) => {
    const inspect = inspectorOf({ token: TOKEN, values: true })
    const text = await textOf(await inspect(requestFor(`?view=value&prefix=shop:&of=${of}`)))
    expect(text).toContain(SECRET)
    expect((await inspect(requestFor(`?view=value&prefix=shop:&of=${of}0`))).status).toBe(404)
  })

  test('have a text for whatever can be stored', async () => {
    const inspect = inspectorOf({ token: TOKEN, values: true })
    const value: Record<string, unknown> = { at: new Date(0), map: new Map([[1, 2n]]), long: 'x'.repeat(50_000) }
    value.self = value
    await persistence.cache.set('odd', value)
    const text = await textOf(await inspect(requestFor('?view=value&prefix=shop:&of=entries&key=odd')))
    expect(text).toMatch(/1970-01-01T00:00:00.000Z.*Map\(1\) \{ 1 => 2n \}/s)
    expect(text.length).toBeLessThan(30_000)
  })

  test.each<[string, unknown, RegExp]>([
    [
      'an address and its query',
      [new URL('http://a.example/b'), new URLSearchParams('c=d')],
      /a\.example\/b.*'c' => 'd'/s,
    ],
    ['what is nested', { a: { b: { c: { d: { e: 'deep' } } } } }, /e: 'deep'/],
    ['a long text, to its first characters', 'x'.repeat(25_000), /^'x{20000}'?\.\.\.|^'x{19999}…$/],
    ['several texts that are long together', ['x'.repeat(15_000), 'y'.repeat(15_000)], /^\[\s+'x{15000}',\s+'y+…$/],
  ])('show %s', async (_, value, expected) => {
    const inspect = inspectorOf({ token: TOKEN, values: true })
    await persistence.cache.set('shown', value)
    const text = await textOf(await inspect(requestFor('?view=value&prefix=shop:&of=entries&key=shown')))
    expect(text).toMatch(expected)
    expect(text.length).toBeLessThanOrEqual(20_001)
  })

  test('that cannot be read are shown as their error', async () => {
    await persistence.cache.set('torn', 1)
    db.exec("UPDATE go_goscope_cache SET value = '{' WHERE key LIKE '%torn'")
    const inspect = inspectorOf({ token: TOKEN, values: true })
    const answer = await inspect(requestFor('?view=value&prefix=shop:&of=entries&key=torn'))
    expect(await textOf(answer)).toContain('torn')
    await persistence.cache.delete('torn')
  })

  test('of a stored failure are found after results whose keys begin alike', async () => {
    for (const key of ['f:1', 'f:12']) {
      const claim = await persistence.idempotency.claim(key, { lease: 5_000, onFailure: 'keep' } as never)
      if (claim.state !== 'claimed') throw new Error('the key is free')
      if (key === 'f:12') await claim.complete('done')
      else await claim.fail(new Error('as planted'))
    }
    const inspect = inspectorOf({ token: TOKEN, values: true })
    const text = await textOf(await inspect(requestFor('?view=value&prefix=shop:&of=results&key=f:1')))
    expect(text).toContain('as planted')
  })
})

describe('a summary that reads many rows', () => {
  /** An adapter whose `stats` and `prefixes` take `ms` and are counted. */
  function slow(ms: number) {
    const calls = { stats: 0, fail: false }
    const slowly: Inspectable = {
      inspect: (options) => persistence.inspect(options),
      async stats() {
        calls.stats++
        clock.advance(ms)
        if (calls.fail) throw new Error('as planted')
        return persistence.stats()
      },
    }
    return { calls, inspect: inspector(slowly, { token: TOKEN, clock }) }
  }

  test('is read once in five seconds, however many requests come', async () => {
    const { calls, inspect } = slow(1)
    for (let poll = 0; poll < 10; poll++) {
      await Promise.all([overview('', inspect), overview('', inspect)])
      clock.advance(999)
    }
    expect(calls.stats).toBe(2)
  })

  test('does not count the calls of the page as waiting', async () => {
    const { inspect } = slow(1)
    for (let poll = 0; poll < 2; poll++) {
      expect((await overview('', inspect)).database.waiting).toBe(0)
      clock.advance(10_000)
    }
  })

  test('is read less often if it takes long: at most half a percent of the time', async () => {
    const { calls, inspect } = slow(100)
    for (let second = 0; second < 20; second++) {
      await overview('', inspect)
      clock.advance(999)
    }
    expect(calls.stats).toBe(1)
    clock.advance(100)
    await overview('', inspect)
    await overview('', inspect)
    expect(calls.stats).toBe(2)
  })

  test('is read again after a failure, which is reported', async () => {
    const { calls, inspect } = slow(1)
    calls.fail = true
    expect((await inspect(requestFor(OVERVIEW))).status).toBe(500)
    calls.fail = false
    expect((await inspect(requestFor(OVERVIEW))).status).toBe(200)
  })
})

describe('the cache', () => {
  test('is summed up by the beginnings of keys, whatever they contain', async () => {
    const odd = new SQLiteAdapter(db, { clock, keyPrefix: 'a*b%:', closeOnDisconnect: false })
    await odd.connect()
    await odd.cache.set('</script>/x', 'one')
    await odd.cache.set('plain', 'two')
    const { cache } = await overview()
    const of = (prefix: string) => cache.groups.filter((group) => group.prefix === prefix)
    expect(of('shop:')).toEqual(
      expect.arrayContaining([expect.objectContaining({ startsWith: 'price:', entries: 30 })]),
    )
    expect(of('a*b%:')).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ startsWith: '</', entries: 1 }),
        expect.objectContaining({ startsWith: '', entries: 1 }),
      ]),
    )
    expect(cache.partial).toBe(false)
  })

  test('with many entries is read in part, and says so', async () => {
    await using large = await SQLiteAdapter.open(':memory:')
    await large.cache.setMany(Array.from({ length: 2_001 }, (_, index) => [`k:${index}`, index]))
    const { cache } = await overview('', inspector(large, { token: TOKEN }))
    expect(cache).toMatchObject({ partial: true, groups: [{ startsWith: 'k:', entries: 2_000 }] })
  })

  test('with many beginnings of keys, or of many prefixes, is shown in part, and says so', async () => {
    const summed = async (prefixes: number, beginnings: number): Promise<unknown> => {
      const many = new DatabaseSync(':memory:')
      for (let prefix = 0; prefix < prefixes; prefix++) {
        const app = new SQLiteAdapter(many, { keyPrefix: `p${prefix}:`, closeOnDisconnect: false })
        await app.cache.setMany(Array.from({ length: beginnings }, (_, at) => [`k${at}:`, 1]))
      }
      const whole = new SQLiteAdapter(many)
      const { cache } = await overview('', inspector(whole, { token: TOKEN }))
      await whole.disconnect()
      return [cache.groups.length, cache.partial]
    }
    expect([await summed(1, 30), await summed(1, 31)]).toEqual([
      [30, false],
      [30, true],
    ])
    // The prefix of the adapter itself is one of the 20.
    expect([await summed(19, 1), await summed(20, 1)]).toEqual([
      [19, false],
      [19, true],
    ])
  })

  test('has under the prefix * only its own entries', async () => {
    const asterisk = new SQLiteAdapter(db, { clock, keyPrefix: '*', closeOnDisconnect: false })
    await asterisk.cache.set('of:1', 1)
    const { cache } = await overview('', inspector(asterisk, { token: TOKEN }))
    expect(cache.groups.filter(({ prefix }) => prefix === '*')).toMatchObject([{ startsWith: 'of:', entries: 1 }])
  })
})
