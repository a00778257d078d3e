import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { PostgresAdapter } from '@go-go-scope/persistence-postgres'
import postgres from 'postgres'
import { afterEach, expect, test, vi } from 'vitest'
import type { Listen } from '../../packages/persistence-postgres/src/notifications/postgres-notifications.js'
import { listenByUrl } from '../../packages/persistence-postgres/src/wire/by-url.js'
import { postgresJs } from '../../packages/persistence-postgres/src/wire/postgres-js.js'
import { proveCell } from '../postgres/cell.js'
import { serverUrl } from '../postgres/server/places.mjs'
import { fullServer } from './full-server.mjs'
import { admin, disconnectAfterEach, eventually, newSchema, opens, track } from './server-adapters.js'

disconnectAfterEach()

proveCell()

const ends: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

/** A server of its own for each way to listen, because the connections are counted. */
async function ways() {
  const server = async () => {
    const made = await fullServer(serverUrl())
    ends.unshift(made.close)
    return made
  }
  const sqlTo = (url: string) => {
    const sql = postgres(url)
    ends.unshift(() => sql.end({ timeout: 0 }))
    return sql
  }
  const [byLibrary, byUrl, byHandle] = [await server(), await server(), await server()]
  const handle = sqlTo(byHandle.url)
  return {
    byLibrary: { ...byLibrary, listen: sqlTo(byLibrary.url).listen },
    ours: [
      { ...byUrl, listen: listenByUrl(byUrl.url, 'postgres') },
      { ...byHandle, listen: listenOn(handle) },
    ],
  }
}

function listenOn(sql: postgres.Sql): Listen {
  const { listen } = postgresJs(sql)
  if (listen === undefined) throw new Error('it cannot listen')
  return listen
}

/** Returns a listener, and what it was told. */
function newListener() {
  const told: string[] = []
  return {
    told,
    notified: (text: string) => void told.push(text),
    reconnected: () => void told.push('reconnected'),
    ended: () => void told.push('ended'),
  }
}

const isRefused = (listening: PromiseLike<unknown>): Promise<void> =>
  expect(listening).rejects.toMatchObject({ code: '53300' })

test('a request to listen that a full server has refused is not repeated until it is made again', async () => {
  const { byLibrary, ours } = await ways()
  for (const { isFull } of [byLibrary, ...ours]) isFull(true)
  for (const { listen } of ours) await isRefused(listen('channel', newListener()))
  // The control: the library itself repeats it for as long as its `sql` lives.
  await isRefused(byLibrary.listen('channel', () => undefined))
  await eventually(async () => (byLibrary.connections() >= 10 ? true : undefined))
  expect(ours.map(({ connections }) => connections())).toEqual([1, 1])
})

test('a connection that listens and is ended by a server that refuses the next one is reported, and not replaced', async () => {
  const { byLibrary, ours } = await ways()
  const listening = ours.map((way) => ({ ...way, listener: newListener() }))
  for (const { listen, listener } of listening) await listen('channel', listener)
  await byLibrary.listen('channel', () => undefined)
  for (const { isFull } of [byLibrary, ...ours]) isFull(true)
  await eventually(async () => (byLibrary.connections() >= 10 ? true : undefined))
  expect(listening.map(({ connections, listener }) => [connections(), listener.told])).toEqual([
    [1, ['ended']],
    [1, ['ended']],
  ])
  for (const { isFull } of ours) isFull(false)
  const stops = await Promise.all(listening.map(({ listen, listener }) => listen('channel', listener)))
  await admin.query("SELECT pg_notify('channel', 'again')")
  await eventually(async () => (listening.every(({ listener }) => listener.told.includes('again')) ? true : undefined))
  for (const stop of stops) await stop()
  for (const { isFull } of ours) isFull(true)
  expect(listening.map(({ listener }) => listener.told)).toEqual([
    ['ended', 'again'],
    ['ended', 'again'],
  ])
})

test('two requests on one connection end together, and the request of the app is the library’s to repeat', async () => {
  const server = await fullServer(serverUrl())
  const sql = postgres(server.url)
  ends.push(() => sql.end({ timeout: 0 }), server.close)
  const listeners = [newListener(), newListener()]
  const app: string[] = []
  for (const listener of listeners) await listenOn(sql)('channel', listener)
  await sql.listen('channel', (text) => void app.push(text))
  const { connections } = server
  expect(connections()).toBe(1)
  server.isFull(true)
  server.isFull(false)
  await eventually(async () => (connections() >= 2 ? true : undefined))
  await eventually(async () => {
    await admin.query("SELECT pg_notify('channel', 'to the app')")
    return app.length > 0 ? true : undefined
  })
  // The ends are reported after a pause, which may be longer than the library needs to listen again.
  await eventually(async () => (listeners.every(({ told }) => told.length > 0) ? true : undefined))
  expect(listeners.map(({ told }) => told)).toEqual([['ended'], ['ended']])
})

test('an adapter whose listening connection is refused meanwhile listens again', async () => {
  const server = await fullServer(serverUrl())
  ends.push(server.close)
  const schema = newSchema()
  const listener = await opens(schema, { driver: 'postgres', newsUrl: server.url, watchInterval: 3_600_000 })
  const other = await opens(schema)
  const heard: string[] = []
  listener.subscribe('api', ({ state }) => heard.push(state))
  const isActive = () =>
    eventually(async () => ((await listener.stats()).notifications === 'active' ? true : undefined))
  await isActive()
  server.isFull(true)
  await eventually(async () => (server.connections() >= 2 ? true : undefined))
  server.isFull(false)
  await isActive()
  await other.recordFailure('api', 1)
  await eventually(async () => (heard.length > 0 ? true : undefined))
})

test('an adapter on an sql of the app whose connections a full server ended works when the server accepts again', async () => {
  const server = await fullServer(serverUrl())
  // Two connections, so that the slot of the ended one is used again soon.
  const sql = postgres(server.url, { max: 2, onnotice: () => undefined })
  ends.push(() => sql.end({ timeout: 0 }), server.close)
  const adapter = track(new PostgresAdapter(sql, { schema: newSchema(), durability: 'process' }))
  await adapter.connect()
  adapter.subscribe('api', () => undefined)
  await eventually(async () => ((await adapter.stats()).notifications === 'active' ? true : undefined))
  const before = server.connections()
  server.isFull(true)
  await eventually(async () => (server.connections() >= before + 4 ? true : undefined))
  server.isFull(false)
  await adapter.cache.set('k', 1)
  expect(await adapter.cache.get('k')).toBe(1)
})

test.each(['pg', 'postgres'] as const)(
  'a server that accepts a connection and is silent is given up: %s',
  async (driver) => {
    const sockets: Socket[] = []
    const silent = createServer((socket) => void sockets.push(socket))
    await once(silent.listen(0, '127.0.0.1'), 'listening')
    const { port } = silent.address() as AddressInfo
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const listening = listenByUrl(`postgres://nobody@127.0.0.1:${port}/none`, driver)('channel', newListener())
      const givenUp = expect(listening).rejects.toThrow()
      while (sockets.length === 0) {
        await vi.advanceTimersByTimeAsync(1)
        await new Promise(setImmediate)
      }
      await vi.advanceTimersByTimeAsync(60_000)
      await givenUp
    } finally {
      vi.useRealTimers()
      for (const socket of sockets) socket.destroy()
      silent.close()
    }
  },
)
