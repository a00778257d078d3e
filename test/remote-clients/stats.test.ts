import { connectRemote, serve } from '@go-go-scope/persistence-core/remote'
import { expect, test } from 'vitest'
import { engine } from '../cells/cell.js'
import { proveCell } from '../cells/prove-cell.js'
import { answerTo, greeting } from '../proof/remote/raw-client.js'

proveCell()

test('stats of an owner show each of its clients, with calls in flight, locks and lag', async () => {
  const adapter = await engine.SQLiteAdapter.open(':memory:')
  expect(await adapter.stats()).not.toHaveProperty('clients')
  const server = serve(adapter)
  expect((await adapter.stats()).clients).toEqual([])

  const remote = await connectRemote(server.createPort())
  await remote.acquire('one', 60_000)
  await remote.acquire('two', 60_000)
  expect((await adapter.stats()).clients).toEqual([{ calls: 0, locks: 2, lag: expect.any(Number) }])
  expect(await remote.stats(), 'it serves nobody').not.toHaveProperty('clients')

  // A client that reads the first part of an answer and does not request the next.
  const [greeted, asked] = [server.createPort(), server.createPort()]
  const rows = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) SELECT i FROM n'
  await answerTo(asked as never, await greeting(greeted as never), [5, 'raw', rows, 0])
  const clients = (await adapter.stats()).clients ?? []
  expect(clients.map(({ calls, locks }) => ({ calls, locks }))).toEqual([
    { calls: 0, locks: 2 },
    { calls: 1, locks: 0 },
  ])
  for (const { lag } of clients) expect(lag).toBeGreaterThanOrEqual(0)

  await remote.disconnect()
  expect((await adapter.stats()).clients).toHaveLength(1)
  // Also while that client reads nothing.
  await server.close()
  expect(await adapter.stats()).not.toHaveProperty('clients')
  await adapter.disconnect()
})
