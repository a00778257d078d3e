// A cache in front of a slow HTTP API. The cache is a file, so its entries outlive the program: run it twice.
// Uses only the adapter, no scope.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { SQLiteAdapter } from '@go-go-scope/persistence-sqlite-node'
import { databaseArgument } from '../database-argument.ts'
import '../end-with-reader.ts'

const TEN_SECONDS = 10_000

interface Weather {
  degrees: number
}

const file = databaseArgument(
  'A cache in front of a slow API: a hundred callers, one request.',
  fileURLToPath(new URL('api-cache.db', import.meta.url)),
)
const api = await startApi()
const persistence = await SQLiteAdapter.open(file)

function weather(city: string): Promise<Weather> {
  // Concurrent callers share one request and its result. A failed request is not stored.
  return persistence.cache.getOrSet(`weather of ${city}`, () => fetchWeather(city), { ttl: TEN_SECONDS })
}

async function fetchWeather(city: string): Promise<Weather> {
  const response = await fetch(`${api.url}/weather/${encodeURIComponent(city)}`)
  if (!response.ok) throw new Error(`the weather of ${city}: HTTP ${response.status}`)
  return response.json() as Promise<Weather>
}

const started = performance.now()
const [answer] = await Promise.all(Array.from({ length: 100 }, () => weather('Reykjavík')))
console.log(`100 callers asked for the weather of Reykjavík and got ${answer?.degrees} °C.`)
console.log(`Requests sent to the API: ${api.requests()}; that took ${Math.round(performance.now() - started)} ms.`)
console.log(
  api.requests() === 0
    ? 'The answer was still in the file, from an earlier run.'
    : 'Run this again within ten seconds, and no request is sent at all.',
)

await persistence.disconnect()
api.close()

/** A stand-in for a remote API. Each response takes 300 ms. */
async function startApi() {
  let requests = 0
  const server = createServer((_request, response) => {
    requests++
    setTimeout(() => response.setHeader('content-type', 'application/json').end('{"degrees":4}'), 300)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    requests: () => requests,
    close() {
      server.close()
      // `fetch` keeps its connection open, which would keep the server and the program alive.
      server.closeAllConnections()
    },
  }
}
