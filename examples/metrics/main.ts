// A process with /metrics for Prometheus. It uses every feature a little, so that each panel of grafana-board.json has
// data. Uses only the adapter, no scope.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { SQLiteAdapter } from '@go-go-scope/persistence-sqlite-node'
import { DatabaseSync } from '@photostructure/sqlite'
import { databaseArgument } from '../database-argument.ts'
import '../end-with-reader.ts'
import { Metrics } from './metrics.ts'

const file = databaseArgument(
  'Metrics for Prometheus, and a Grafana dashboard.',
  fileURLToPath(new URL('metrics.db', import.meta.url)),
)
const persistence = await SQLiteAdapter.open(file, { locks: 'database', DatabaseSync })
const metrics = new Metrics([persistence])

const server = createServer(async (request, response) => {
  if (request.url !== '/metrics') return response.writeHead(404).end()
  return response.writeHead(200, { 'content-type': 'text/plain' }).end(await metrics.text())
})
await new Promise<void>((resolve) => server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', resolve))

await work()
const { port } = server.address() as AddressInfo
console.log(`http://127.0.0.1:${port}/metrics has the metrics. Ctrl+C ends it.`)
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void stop())

/** Does in a second what a process usually does in an hour. */
async function work(): Promise<void> {
  const { cache, circuitBreaker, idempotency, lock } = persistence
  await cache.set('visit', { page: '/' }, 1)
  await sleep(2)
  for (const key of ['rates', 'rates']) await cache.getOrSet(key, async () => ({ EUR: 1 }))
  await persistence.prune() // Counts the expired rows that it removes.

  const report = await lock.hold('report', { wait: 1_000 })
  await lock.acquire('report') // Refused.
  const short = await lock.acquire('import', 1)
  await sleep(2)
  await short?.release() // Too late: the lease has expired.

  for (let failure = 0; failure < 5; failure++) await circuitBreaker.recordFailure('payments', 5)

  const payment = await idempotency.claim('payment 1', { lease: 10_000 })
  if (payment.state === 'claimed') await payment.complete({ paid: true })
  await idempotency.claim('payment 1', { lease: 10_000 }) // Replayed.

  // Another connection, of the same library, locks the database, and a write waits for it.
  const other = new DatabaseSync(file)
  other.exec('BEGIN IMMEDIATE')
  const waiting = cache.set('rates', { EUR: 2 })
  await sleep(20)
  other.exec('COMMIT')
  other.close()
  await waiting
  await report?.release()
}

async function stop(): Promise<void> {
  server.close()
  server.closeAllConnections()
  await metrics.stop()
  await persistence.disconnect()
}
