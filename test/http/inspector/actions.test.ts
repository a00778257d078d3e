import { ManualClock } from '@go-go-scope/persistence-conformance'
import { inspector } from '@go-go-scope/persistence-inspector'
import { toNodeHandler } from '@go-go-scope/persistence-inspector/node'
import { SQLiteAdapter } from '@go-go-scope/persistence-sqlite-node'
import { DatabaseSync } from '@photostructure/sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Overview } from '../../../packages/inspector/src/overview.js'
import { OVERVIEW, requestFor, TOKEN } from './inspected.js'

const HOUR = 3_600_000
const JSON_TYPE = { 'content-type': 'application/json' }

let clock: ManualClock
let db: InstanceType<typeof DatabaseSync>
let shop: SQLiteAdapter
let inspect: ReturnType<typeof inspector>

beforeEach(async () => {
  clock = new ManualClock()
  db = new DatabaseSync(':memory:')
  shop = new SQLiteAdapter(db, { clock, locks: 'database', keyPrefix: 'shop:' })
  await shop.connect()
  await shop.lock.acquire('nightly', HOUR, 'ada')
  await shop.idempotency.claim('charge', { lease: HOUR })
  await shop.idempotency.set('paid', 1)
  await shop.circuitBreaker.recordFailure('payments', 1)
  await shop.cache.setMany(['s:1', 's:2', 's_3', 's:1x'].map((key) => [key, key]))
  await shop.cache.set('over', 1, 1)
  await shop.idempotency.set('old', 1, 1)
  clock.advance(2)
  inspect = inspector(shop, { token: TOKEN, clock, write: true })
})
afterEach(() => shop.disconnect())

/** Requests an action as the page does. */
const perform = (action: unknown, by = inspect): Promise<Response> =>
  by(requestFor('', { method: 'POST', headers: JSON_TYPE, body: JSON.stringify(action) }))

/** Returns the content of the tables. */
function rows(): unknown {
  const tables = db.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").all() as {
    name: string
  }[]
  return tables.map(({ name }) => db.prepare(`SELECT * FROM ${name}`).all())
}

const OF = { prefix: 'shop:' }

test.each<
  [action: { do: string } & Record<string, unknown>, done: string, is: () => Promise<unknown>, wanted: unknown]
>([
  [{ do: 'lock release', ...OF, key: 'nightly', token: 1 }, 'the lock nightly is free', () => keysOf('locks'), []],
  [{ do: 'claim free', ...OF, key: 'charge', generation: 1 }, 'charge can be claimed', () => keysOf('claims'), []],
  [{ do: 'result delete', ...OF, key: 'paid' }, 'the result of paid is removed', () => keysOf('results'), []],
  [
    { do: 'circuit reset', ...OF, key: 'payments' },
    'the circuit payments is closed',
    () => circuit(),
    ['closed', false],
  ],
  [
    { do: 'circuit isolate', ...OF, key: 'payments' },
    'the circuit payments is open until it is reset',
    () => circuit(),
    ['open', true],
  ],
  [
    { do: 'entry delete', ...OF, key: 's:1' },
    'the cache entry s:1 is removed',
    () => shop.cache.keys(),
    ['s:1x', 's:2', 's_3'],
  ],
  [{ do: 'clear', ...OF, startsWith: 's:' }, 'the cache entries are removed', () => shop.cache.keys(), ['s_3']],
  [{ do: 'clear', ...OF, startsWith: '' }, 'the cache entries are removed', () => shop.cache.keys(), []],
  [
    { do: 'prune', prefix: '' },
    'removed 1 cache entry and 1 result',
    () => keysOf('entries'),
    ['s:1', 's:1x', 's:2', 's_3'],
  ],
])('%j is done, and told', async (action, done, is, wanted) => {
  const response = await perform(action)
  // A lock is free only after the last ms of its lease.
  clock.advance(2)
  expect([response.status, await response.json()]).toEqual([200, { done }])
  expect(await is()).toEqual(wanted)
})

async function keysOf(list: 'locks' | 'claims' | 'results' | 'entries'): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of shop.inspect()[list]({ expired: list === 'entries' })) keys.push(key)
  return keys
}

async function circuit(): Promise<unknown> {
  for await (const { state, isolated } of shop.inspect().circuits()) return [state, isolated]
  return undefined
}

const UNCHANGED: readonly (readonly [what: string, status: number, action: unknown, reason: RegExp])[] = [
  ['a token of a later holder', 409, { do: 'lock release', ...OF, key: 'nightly', token: 2 }, /has the token 1/],
  ['a lock that nobody holds', 409, { do: 'lock release', ...OF, key: 'nightl', token: 1 }, /nobody holds/],
  [
    'a generation of a later claim',
    409,
    { do: 'claim free', ...OF, key: 'charge', generation: 2 },
    /has the generation 1/,
  ],
  ['a key that nobody works on', 409, { do: 'claim free', ...OF, key: 'charg', generation: 1 }, /nobody works on/],
  ['a circuit that is none', 409, { do: 'circuit reset', ...OF, key: 'payment' }, /there is no circuit/],
  ['a key without a result', 409, { do: 'result delete', ...OF, key: 'pai' }, /has no result/],
  ['a key whose result has expired', 409, { do: 'result delete', ...OF, key: 'old' }, /has no result/],
  ['an entry that is none', 409, { do: 'entry delete', ...OF, key: 's:' }, /there is no cache entry/],
  ['another prefix than the adapter has', 403, { do: 'clear', prefix: 'other:', startsWith: '' }, /has another prefix/],
  ['no action', 400, {}, /do must be one of lock release/],
  ['an action that is none', 400, { do: 'constructor', ...OF }, /do must be one of/],
  ['no object', 400, null, /do must be one of/],
  ['a missing prefix', 400, { do: 'clear', startsWith: '' }, /prefix must be a text/],
  ['a missing startsWith, which is not all', 400, { do: 'clear', ...OF }, /startsWith must be a text/],
  [
    'a token that is a text',
    400,
    { do: 'lock release', ...OF, key: 'nightly', token: '1' },
    /token must be a whole number/,
  ],
  ['a token with a fraction', 400, { do: 'lock release', ...OF, key: 'nightly', token: 1.5 }, /a whole number/],
  ['more than it takes', 400, { do: 'prune', prefix: '', key: 's:1' }, /prune takes no "key"/],
  ['a key that is none', 400, { do: 'entry delete', ...OF, key: '' }, /INVALID_KEY/],
  [
    'what is longer than any key',
    413,
    { do: 'entry delete', ...OF, key: 'k'.repeat(1_048_576) },
    /at most 1048576 bytes/,
  ],
]

test.each(UNCHANGED)('%s is refused by %i, and nothing is changed', async (_what, status, action, reason) => {
  const before = rows()
  const response = await perform(action)
  expect([response.status, await response.json()]).toEqual([status, { error: expect.stringMatching(reason) }])
  expect(rows()).toEqual(before)
})

test('an action on a key of 64 KiB of control characters is performed', async () => {
  await using adapter = new SQLiteAdapter(db, { clock, maxKeyLength: 65_536, closeOnDisconnect: false })
  const key = '\u0001'.repeat(65_536)
  await adapter.cache.set(key, 1)
  const response = await perform(
    { do: 'entry delete', prefix: '', key },
    inspector(adapter, { token: TOKEN, clock, write: true }),
  )
  expect([response.status, await adapter.cache.has(key)]).toEqual([200, false])
})

test('an action that arrives in pieces, which divide a character, is performed', async () => {
  const key = 'größe 夜'
  await shop.cache.set(key, 1)
  const bytes = new TextEncoder().encode(JSON.stringify({ do: 'entry delete', ...OF, key }))
  const body = new ReadableStream<Uint8Array>({
    start(pieces) {
      for (const byte of bytes) pieces.enqueue(Uint8Array.of(byte))
      pieces.close()
    },
  })
  const response = await inspect(requestFor('', { method: 'POST', headers: JSON_TYPE, body, duplex: 'half' } as never))
  expect([response.status, await shop.cache.has(key)]).toEqual([200, false])
})

test('a text that is no JSON is refused', async () => {
  const response = await inspect(requestFor('', { method: 'POST', headers: JSON_TYPE, body: '{' }))
  expect([response.status, await response.text()]).toEqual([400, expect.stringContaining('must be JSON')])
})

describe('without the option write', () => {
  test.each([undefined, false])('nothing is changed: write %s', async (write) => {
    const reading = inspector(shop, { token: TOKEN, clock, ...(write === false && { write }) })
    const before = rows()
    const response = await perform({ do: 'clear', ...OF, startsWith: '' }, reading)
    expect([response.status, await response.text()]).toEqual([403, expect.stringContaining('nothing can be changed')])
    expect(rows()).toEqual(before)
    expect(await overview(reading)).not.toHaveProperty('changeable')
  })

  test('a lock of the database is not released by an adapter whose locks are in memory', async () => {
    const inMemory = new SQLiteAdapter(db, { clock, keyPrefix: 'shop:', closeOnDisconnect: false })
    await inMemory.connect()
    const held = await inMemory.lock.acquire('nightly', HOUR, 'ada')
    const response = await perform(
      { do: 'lock release', ...OF, key: 'nightly', token: 1 },
      inspector(inMemory, { token: TOKEN, clock, write: true }),
    )
    expect([response.status, await response.text()]).toEqual([409, expect.stringContaining("locks: 'database'")])
    clock.advance(2)
    expect([await held?.isValid(), await keysOf('locks')]).toEqual([true, ['nightly']])
    await inMemory.disconnect()
  })
})

describe('the prefix that may be changed', () => {
  test('is that of the adapter, and the page receives it', async () => {
    expect(await overview(inspect)).toMatchObject({ changeable: { prefix: 'shop:' } })
  })

  test('is no other one if it is an asterisk', async () => {
    await using asterisk = new SQLiteAdapter(db, { clock, locks: 'database', keyPrefix: '*', closeOnDisconnect: false })
    await asterisk.cache.set('s:1', 'of the asterisk')
    const ofAsterisk = inspector(asterisk, { token: TOKEN, clock, write: true })
    for (const prefix of ['shop:', 'nosuch:']) {
      expect((await perform({ do: 'clear', prefix, startsWith: '' }, ofAsterisk)).status).toBe(403)
    }
    expect(await asterisk.cache.has('s:1')).toBe(true)
    expect((await overview(ofAsterisk)).changeable).toEqual({ prefix: '*' })
  })

  test('is any if write is a function that makes the change', async () => {
    const asked: string[] = []
    const anywhere = inspector(shop, {
      token: TOKEN,
      clock,
      async write(prefix, change) {
        asked.push(prefix)
        await using adapter = new SQLiteAdapter(db, {
          clock,
          locks: 'database',
          keyPrefix: prefix,
          closeOnDisconnect: false,
        })
        return await change(adapter) // Before it is disconnected.
      },
    })
    expect((await overview(anywhere)).changeable).toBe('all')
    expect((await perform({ do: 'entry delete', ...OF, key: 's:1' }, anywhere)).status).toBe(200)
    expect((await perform({ do: 'circuit isolate', prefix: 'other:', key: 'mail' }, anywhere)).status).toBe(200)
    expect([asked, await shop.cache.has('s:1')]).toEqual([['shop:', 'other:'], false])
    expect((await perform({ do: 'circuit reset', prefix: 'other:', key: 'payments' }, anywhere)).status).toBe(409)
  })
})

test('authorize also decides who may make changes', async () => {
  const byApp = inspector(shop, {
    clock,
    write: true,
    authorize: (request) => request.headers.get('cookie') === 'of ada',
  })
  const as = (cookie: string) =>
    byApp(
      new Request('http://localhost/inspector', {
        method: 'POST',
        headers: { ...JSON_TYPE, cookie },
        body: JSON.stringify({ do: 'entry delete', ...OF, key: 's:1' }),
      }),
    )
  expect((await as('of eve')).status).toBe(403)
  expect(await shop.cache.has('s:1')).toBe(true)
  expect((await as('of ada')).status).toBe(200)
})

test('a body that a framework has read already is accepted', async () => {
  let status = 0
  const response = { writeHead: (code: number) => (status = code), end: () => undefined }
  const headers = { ...JSON_TYPE, host: 'localhost', authorization: `Bearer ${TOKEN}` }
  const body = { do: 'entry delete', ...OF, key: 's:1' }
  await toNodeHandler(inspect)({ method: 'POST', url: '/inspector', headers, body }, response)
  expect([status, await shop.cache.has('s:1')]).toEqual([200, false])
})

async function overview(by: typeof inspect): Promise<Overview> {
  return (await (await by(requestFor(OVERVIEW))).json()) as Overview
}
