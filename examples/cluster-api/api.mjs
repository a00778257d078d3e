// A worker of the cluster: an HTTP API over the adapter that the primary serves.
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { connectRemote } from '@go-go-scope/persistence-sqlite-node/remote'

const MINUTE = 60_000
// How long an order that a dead worker had begun waits for another one.
const LEASE_MS = 1_000

const persistence = await connectRemote(/** @type {any} */ (process))

/** @type {Record<string, (request: import('node:http').IncomingMessage) => Promise<[status: number, body: unknown]>>} */
const routes = {
  async 'GET /rates'() {
    // One of all workers asks for them, and all have the answer.
    return [200, await persistence.cache.getOrSet('rates', () => service('rates'), { ttl: MINUTE })]
  },

  async 'POST /orders'({ headers }) {
    const key = String(headers['idempotency-key'] ?? randomUUID())
    // One of all workers does it; the others wait for its answer, and so does who sends it again later.
    const claim = await persistence.idempotency.claim(`order ${key}`, {
      lease: LEASE_MS,
      wait: MINUTE,
      ttl: 60 * MINUTE,
    })
    if (claim.state === 'completed') return [200, claim.value]
    if (claim.state !== 'claimed') return [503, { error: claim.state }]
    const renewing = setInterval(() => void claim.renew(), LEASE_MS / 3)
    try {
      const charge = await service('charge', key)
      await claim.complete(charge)
      return [201, charge]
    } catch (error) {
      await claim.fail(error)
      throw error
    } finally {
      clearInterval(renewing)
    }
  },

  async 'POST /report'() {
    const lock = await persistence.acquire('report', MINUTE)
    if (lock === null) return [409, { error: 'it is being made' }]
    try {
      return [201, await service('print')]
    } finally {
      await lock.release()
    }
  },
}

const server = createServer(async (request, response) => {
  const route = routes[`${request.method} ${request.url}`]
  let [status, body] = /** @type {[number, unknown]} */ ([404, { error: 'there is no such resource' }])
  try {
    if (route !== undefined) [status, body] = await route(request)
  } catch (error) {
    ;[status, body] = [500, { error: /** @type {Error} */ (error).message }]
  }
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
})

/** @type {Map<string, (answer: unknown) => void>} */
const asked = new Map()

/**
 * Asks a service of others, which the primary plays: messages of the app, beside those of the adapter.
 *
 * @param {string} name
 * @param {unknown} [given]
 */
function service(name, given) {
  const id = randomUUID()
  return new Promise((resolve) => {
    asked.set(id, resolve)
    process.send?.({ service: name, id, given })
  })
}

process.on('message', (/** @type {any} */ { id, answer, end }) => {
  if (end === true) void shutDown()
  asked.get(id)?.(answer)
  asked.delete(id)
})
// A terminal sends its ^C to the whole group: the primary says when it is time to end.
process.on('SIGINT', () => undefined)

/** Answers what has come, and leaves. */
async function shutDown() {
  await new Promise((resolve) => {
    server.close(resolve)
    server.closeIdleConnections()
  })
  await persistence.disconnect()
  process.disconnect()
}

server.listen(0, '127.0.0.1', () => {
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  process.send?.({ listens: port })
})
