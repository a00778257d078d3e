import { parentPort, workerData } from 'node:worker_threads'
import { connectRemote } from '@go-go-scope/persistence-sqlite-node/remote'
import { callsOf } from './calls.mjs'
import { echoCalls } from './echo.mjs'
import { rateOf } from './rate.mjs'

/**
 * A thread or process that uses a database and makes calls on request. It receives `{ kind, engine, path, port, options }`. The
 * kind `remote` uses an adapter that the parent serves, `own` opens the file itself, and `pattern` sends named queries to the
 * parent. An order `{ order: 'run', call, inFlight, duration }` is answered with the number of calls made.
 */
const given = workerData ?? JSON.parse(process.argv.at(-1))
const app = parentPort ?? process
const say = (said) => (parentPort ? parentPort.postMessage(said) : process.send(said))

const calls = await callsOfKind()

app.on('message', async ({ order, call, ...how }) => {
  if (order === 'run') say({ ran: await rateOf(calls[call], how) })
})
say({ ready: true })

async function callsOfKind() {
  if (given.kind === 'pattern') return patternCalls()
  if (given.kind === 'echo') return echoCalls(say, (hear) => app.on('message', hear))
  return callsOf(await adapterOf(given), given.number)
}

async function adapterOf({ kind, engine: name, path, port, options }) {
  if (kind === 'remote') return connectRemote(port ?? app, options)
  const { engine } = await import(`../engines/${name}.mjs`)
  return engine.openAdapter(path, options)
}

/** The usual hand-written pattern: a request of several queries has an id, and its answer has the same id. */
function patternCalls() {
  const waiting = new Map()
  let last = 0
  process.on('message', ({ id, rows }) => {
    const resolve = waiting.get(id)
    if (resolve === undefined) return
    waiting.delete(id)
    resolve(rows.map(({ value }) => JSON.parse(value)))
  })
  const request = (index, queries) =>
    new Promise((resolve) => {
      waiting.set(++last, resolve)
      const wanted = Array.from({ length: queries }, (_, at) => ({
        name: 'get',
        key: `cache:k${(index + at) % 1_000}`,
      }))
      process.send({ id: last, queries: wanted })
    })
  return Object.fromEntries([1, 100, 1_000].map((queries) => [`get ${queries}`, (index) => request(index, queries)]))
}
