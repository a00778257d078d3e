// A worker of the cluster: an HTTP API that uses the adapter served by the primary.
import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connectRemote } from '@go-go-scope/persistence-sqlite-node/remote'

const MINUTE = 60_000
// How long an order stays claimed by a crashed worker before another one may process it.
const LEASE_MS = 1_000

const persistence = await connectRemote(process)

/** The app's own messages from the primary, in addition to those of the adapter. */
interface FromPrimary {
  id?: string
  answer?: unknown
  end?: true
}

type Answer = [status: number, body: unknown]

const routes: Record<string, (request: IncomingMessage) => Promise<Answer>> = {
  async 'GET /rates'() {
    // One worker fetches the rates, and all workers get the result.
    return [200, await persistence.cache.getOrSet('rates', () => service('rates'), { ttl: MINUTE })]
  },

  async 'POST /orders'({ headers }) {
    const key = String(headers['idempotency-key'] ?? randomUUID())
    // One worker processes the order. The others wait for its result, and a later retry gets the same result.
    const options = { lease: LEASE_MS, ttl: 60 * MINUTE }
    return [201, await persistence.idempotency.once(`order ${key}`, () => service('charge', key), options)]
  },

  async 'POST /report'() {
    const lock = await persistence.acquire('report', MINUTE)
    if (lock === null) return [409, { error: 'the report is in progress' }]
    try {
      return [201, await service('print')]
    } finally {
      await lock.release()
    }
  },
}

const server = createServer(async (request, response) => {
  const route = routes[`${request.method} ${request.url}`]
  let [status, body]: Answer = [404, { error: 'there is no such resource' }]
  try {
    if (route !== undefined) [status, body] = await route(request)
  } catch (error) {
    ;[status, body] = [500, { error: (error as Error).message }]
  }
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
})

const asked = new Map<string, (answer: unknown) => void>()

/** Calls an external service, which the primary simulates, by the app's own messages. */
function service(name: string, given?: unknown): Promise<unknown> {
  const id = randomUUID()
  return new Promise((resolve) => {
    asked.set(id, resolve)
    process.send?.({ service: name, id, given })
  })
}

process.on('message', ({ id, answer, end }: FromPrimary) => {
  if (end === true) void shutDown()
  if (id === undefined) return
  asked.get(id)?.(answer)
  asked.delete(id)
})
// A terminal sends Ctrl-C to the whole process group. Ignored here, because the primary decides when workers end.
process.on('SIGINT', () => undefined)

/** Answers the open requests, then ends the worker. */
async function shutDown(): Promise<void> {
  await new Promise((resolve) => {
    server.close(resolve)
    server.closeIdleConnections()
  })
  await persistence.disconnect()
  process.disconnect()
}

server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo
  process.send?.({ listens: port })
})
