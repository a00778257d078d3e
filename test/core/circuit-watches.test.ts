import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ManualClock } from '@go-go-scope/persistence-conformance'
import { DatabaseSync } from '@photostructure/sqlite'
import { expect, test } from 'vitest'
import { SqliteAdapter } from '../../packages/shared/src/index.js'
import { connectRemote, openRemote, SQLiteAdapter, serve } from '../../packages/shared/src/remote.js'
import { databaseSyncDriver } from './database-sync-driver.js'

const INTERVAL = 100

/** Makes an adapter with its own connection, and counts how often it checks for commits of others. */
function opened(path: string, clock: ManualClock) {
  const handle = new DatabaseSync(path)
  const looks: string[] = []
  const driver = databaseSyncDriver(handle, (sql) => {
    if (sql.includes('data_version')) looks.push(sql)
    return undefined
  })
  return { adapter: new SqliteAdapter(handle, () => driver, { clock }), looks }
}

test('an owner polls once for all clients that subscribe to circuits, and notifies them of changes of other connections', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'watches-'))
  const [clock, own] = [new ManualClock(), new ManualClock()]
  const { adapter, looks } = opened(join(folder, 'app.db'), clock)
  const { adapter: other } = opened(join(folder, 'app.db'), new ManualClock())
  await adapter.connect()
  await other.connect()
  const server = serve(adapter)
  const client = () => connectRemote(server.createPort(), { clock: own })
  const clients = [await client(), await client()]
  const above = serve(clients[0] as never)
  // A client of a client.
  clients.push(await connectRemote(above.createPort(), { clock: own }))
  const idle = clock.pending
  const heard: [number, string, number][] = []
  const left = clients.map(({ circuitBreaker }, at) =>
    circuitBreaker.subscribe('api', ({ state, failureCount }) => heard.push([at, state, failureCount])),
  )
  // One of them subscribes at another interval, and a second time.
  const { circuitBreaker } = await connectRemote(server.createPort(), { clock: own, watchInterval: 5 * INTERVAL })
  const last = circuitBreaker.subscribe('api', () => undefined)
  for (const { circuitBreaker: asked } of [...clients, { circuitBreaker }]) await asked.getState('api')
  await expect.poll(() => clock.pending).toBe(idle + 2)
  expect(own.pending, 'no client looks').toBe(0)
  expect(heard, 'what was there before is no change').toEqual([])

  looks.length = 0
  await other.recordFailure('api', 1)
  clock.advance(INTERVAL)
  await expect.poll(() => heard.toSorted()).toEqual([0, 1, 2].map((at) => [at, 'open', 1]))
  expect(looks).toHaveLength(1)

  // One of them changes the circuit, then another connection: each change is received once, in this order.
  heard.length = 0
  await clients[1]?.recordSuccess('api')
  await other.recordFailure('api', 9)
  clock.advance(INTERVAL)
  await expect.poll(() => heard.length).toBe(6)
  for (const at of [0, 1, 2])
    expect(heard.filter(([client]) => client === at).map(([, state, count]) => [state, count])).toEqual([
      ['closed', 0],
      ['closed', 1],
    ])

  for (const leave of [...left, last]) leave()
  await expect.poll(() => clock.pending).toBe(idle)
  await above.close()
  await server.close()
  await Promise.all([adapter.disconnect(), other.disconnect()])
  rmSync(folder, { recursive: true })
})

test('an owner polls at the interval of the clients that remain', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'watches-'))
  const clock = new ManualClock()
  const { adapter, looks } = opened(join(folder, 'app.db'), clock)
  await adapter.connect()
  const server = serve(adapter)
  const database = await openRemote(server.createPort())
  const clients = [5, 1, 3].map((intervals) => new SQLiteAdapter(database, { watchInterval: intervals * INTERVAL }))
  await Promise.all(clients.map((client) => client.connect()))
  const idle = clock.pending
  const left: (() => void)[] = []
  for (const { circuitBreaker } of clients) {
    left.push(circuitBreaker.subscribe('api', () => undefined))
    // The reads are answered after the first check of the subscription, and its result is processed before theirs.
    for (let reads = 0; reads < 3; reads++) await circuitBreaker.getState('api')
  }
  /** Returns how often it checks in 10 intervals. */
  const looksInTen = async () => {
    looks.length = 0
    for (let interval = 0; interval < 10; interval++) {
      clock.advance(INTERVAL)
      for (let reads = 0; reads < 3; reads++) await clients[0]?.circuitBreaker.getState('api')
    }
    return looks.length
  }
  expect(await looksInTen()).toBe(10)
  left.pop()?.()
  expect(await looksInTen()).toBe(10)
  await clients[1]?.disconnect()
  expect(await looksInTen()).toBe(2)
  left[0]?.()
  await expect.poll(() => clock.pending).toBe(idle)
  await server.close()
  await adapter.disconnect()
  rmSync(folder, { recursive: true })
})
