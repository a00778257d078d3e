import { setTimeout as delay } from 'node:timers/promises'
import { say } from '@go-go-scope/persistence-conformance/process'
import { PostgresAdapter } from '@go-go-scope/persistence-postgres'
import pg from 'pg'

/**
 * Measures how soon a waiter is notified of the result of another connection's claim, and its queries meanwhile. Argument:
 * `{ url, schema, rounds }`; prints `{ milliseconds, queries }`, one number per round.
 */
const { url, schema, rounds } = JSON.parse(process.argv[2])
const LEASE = 60_000
// Long enough that the waiter only listens, or polls rarely.
const WAITED_MS = 100

let asked = 0
const pool = new pg.Pool({ connectionString: url, max: 4 })
pool.on('connect', (client) => {
  const query = client.query.bind(client)
  client.query = (...given) => {
    asked++
    return query(...given)
  }
})
const owner = await PostgresAdapter.open(url, { schema, durability: 'process' })
const waiter = new PostgresAdapter(pool, { schema, durability: 'process' })
await waiter.connect()

const [milliseconds, queries] = [[], []]
for (let round = -3; round < rounds; round++) {
  const claim = await owner.idempotency.claim(`key ${round}`, { lease: LEASE })
  asked = 0
  const heard = waiter.idempotency.claim(`key ${round}`, { lease: LEASE, wait: LEASE }).then((answer) => {
    if (answer.value !== round) throw new Error(`heard ${JSON.stringify(answer)}`)
    return performance.now()
  })
  await delay(WAITED_MS)
  // Counted from the call that ends the claim, including its round trip.
  const began = performance.now()
  await claim.complete(round)
  const after = (await heard) - began
  // The first rounds connect, prepare statements and begin to listen.
  if (round < 0) continue
  milliseconds.push(after)
  queries.push(asked)
}
say({ milliseconds, queries })
process.exit(0)
