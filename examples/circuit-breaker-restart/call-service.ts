// Calls a service through a scope with a circuit breaker.
import { SQLiteAdapter } from '@go-go-scope/persistence-sqlite-node'
import { scope } from 'go-go-scope'
import '../end-with-reader.ts'
import { positionalArguments } from '../positional-arguments.ts'

const [database = '', service, calls] = positionalArguments(
  `Calls a service so many times, through a circuit breaker whose state is in a file.

  node call-service.ts <file> <up|down> <calls>

  file         the database
  up, down     whether the service answers or fails
  calls        how many
  -h, --help`,
  { least: 3, most: 3 },
)

const persistence = await SQLiteAdapter.open(database)
// The breaker's state is stored in `persistence`, under the scope's name.
const payments = scope({
  name: 'payments',
  persistence,
  circuitBreaker: { failureThreshold: 3, resetTimeout: 6_000 },
})

for (let call = 1; call <= Number(calls); call++) {
  const [error, answer] = await payments.task(callService)
  const stored = await persistence.circuitBreaker.getState('payments')
  console.log(`   call ${call}: ${error === undefined ? answer : error.message} (circuit ${stored?.state ?? 'closed'})`)
}

await payments[Symbol.asyncDispose]()
await persistence.disconnect()

async function callService(): Promise<string> {
  if (service === 'down') throw new Error('the service is down')
  return 'the service answered'
}
