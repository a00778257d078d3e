// An HTTP API in a cluster whose primary owns the database. Shows what the workers share, and what happens when one is killed.
// Uses only the adapter, no scope.

import type { Worker } from 'node:cluster'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { request as send } from 'node:http'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { databaseArgument } from '../database-argument.ts'
import '../end-with-reader.ts'
import { ClusterOfApi } from './cluster-of-api.ts'

const WORKERS = 3
let requests = 0

const file = databaseArgument(
  'An HTTP API in a cluster: one owner of the database, shared locks, one load, one order, and a worker that is killed.',
  fileURLToPath(new URL('cluster-api.db', import.meta.url)),
)

/** The number of calls to each external service, and the charges by the key of their order. */
const services = { rates: 0, print: 0, charge: 0, charges: new Map<unknown, object>() }
/** The services wait for this gate before they answer. */
let gate = openGate()

const api = await ClusterOfApi.start(file, WORKERS, async (service, given, worker) => {
  const { entered, opened } = gate
  entered(worker)
  await opened
  if (service === 'rates') return { EUR: 1, USD: 1.1, asked: ++services.rates }
  if (service === 'print') return { printed: ++services.print }
  services.charge++
  // Like real payment services, it charges the same order once.
  const charge = services.charges.get(given) ?? { order: given, number: services.charges.size + 1 }
  services.charges.set(given, charge)
  return charge
})
console.log(`${WORKERS} workers serve the API; the primary owns ${basename(file)}.`)
await api.persistence.cache.delete('rates')

const rates = await times(60, () => ask('GET', '/rates'))
console.log(`${rates.length} requests for the rates, over all workers: fetched ${services.rates} time.`)

const key = randomUUID()
const orders = await times(20, () => ask('POST', '/orders', key))
const { size: answers } = new Set(orders.map(({ body }) => body))
console.log(
  `${orders.length} requests with one Idempotency-Key: charged ${services.charge} time, ${answers} distinct answer.`,
)

gate = closedGate()
let refused = 0
const reports = await times(12, async () => {
  const answer = await ask('POST', '/report')
  // All others have been refused by now, so the worker that processes the order may finish.
  if (answer.status === 409 && ++refused === 11) gate.open()
  return answer
})
const { length: made } = reports.filter(({ status }) => status === 201)
console.log(
  `${reports.length} concurrent requests for the report: ${made} created it, ${refused} got 409 because it was in progress.`,
)

await killWhoAnswers('POST', '/report')
const report = await ask('POST', '/report')
console.log(
  `A worker is killed while it creates the report: its lock is ${report.status === 201 ? 'free' : 'still held'}.`,
)

const interrupted = randomUUID()
await killWhoAnswers('POST', '/orders', interrupted)
const order = await ask('POST', '/orders', interrupted)
const done = order.status === 201 && services.charges.size === 2
console.log(
  `A worker is killed while it handles an order: the retried order is ${done ? 'charged 1 time' : 'not handled'}.`,
)

gate = closedGate(6)
const underWay = times(6, () => ask('POST', '/orders', randomUUID()))
await gate.reached
const ended = api.end()
gate.open()
const { length: answered } = (await underWay).filter(({ status }) => status === 201)
await ended
console.log(`The API shuts down while it handles 6 requests: ${answered} are answered.`)

async function killWhoAnswers(method: string, path: string, key?: string): Promise<void> {
  gate = closedGate()
  const unanswered = ask(method, path, key).catch((error) => error)
  const worker = await gate.reached
  worker.process.kill('SIGKILL')
  await once(worker, 'exit')
  gate.open()
  const error = await unanswered
  if (!(error instanceof Error)) throw new Error('a worker that was killed has answered')
  gate = openGate()
}

interface Answer {
  status: number | undefined
  body: string
}

/** Sends one request on a new connection, so that requests spread over the workers. */
async function ask(method: string, path: string, key?: string): Promise<Answer> {
  const { ports } = api
  const port = ports[requests++ % ports.length]
  const request = send({
    method,
    path,
    port,
    host: '127.0.0.1',
    agent: false,
    ...(key && { headers: { 'idempotency-key': key } }),
  })
  request.end()
  const [response] = await once(request, 'response')
  let body = ''
  for await (const part of response.setEncoding('utf8')) body += part
  return { status: response.statusCode, body }
}

function times<Result>(count: number, call: () => Promise<Result>): Promise<Result[]> {
  return Promise.all(Array.from({ length: count }, call))
}

interface Gate {
  entered(worker: Worker): void
  /** Resolves with the worker of the last expected call. */
  reached: Promise<Worker>
  opened: Promise<void>
  open(): void
}

/**
 * Returns a gate that blocks the services until it is opened.
 *
 * @param calls The number of calls to expect.
 */
function closedGate(calls = 1): Gate {
  let left = calls
  let open = (): void => undefined
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  let entered: Gate['entered'] = () => undefined
  const reached = new Promise<Worker>((resolve) => {
    entered = (worker) => --left === 0 && resolve(worker)
  })
  return { entered, reached, opened, open }
}

function openGate(): Gate {
  const gate = closedGate()
  gate.open()
  return gate
}
