// A circuit breaker that remembers: the service it protects is left alone even when the program is restarted.
// Needs a scope that stores the state of its breakers, as the go-go-scope of this repository does.
import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { databaseArgument } from '../database-argument.mjs'
import { UNREAD } from '../end-with-reader.mjs'

const call = fileURLToPath(new URL('call-service.mjs', import.meta.url))
const database = databaseArgument(
  'A circuit breaker that is still open after a restart: three processes, one after the other. The file is made anew.',
  fileURLToPath(new URL('circuit-breaker.db', import.meta.url)),
)

for (const suffix of ['', '-wal', '-shm']) rmSync(database + suffix, { force: true })

console.log('First process: the service is down.')
run('down', 4)
console.log('\nSecond process, started at once: the circuit is still open.')
run('up', 1)
console.log('\nThird process, after the reset time: one call is let through, it works, the circuit closes.')
await new Promise((resolve) => setTimeout(resolve, 6_000))
run('up', 2)

/**
 * @param {'up' | 'down'} service
 * @param {number} calls
 */
function run(service, calls) {
  const { status, error } = spawnSync(process.execPath, [call, database, service, String(calls)], { stdio: 'inherit' })
  if (status === UNREAD) process.exit(UNREAD)
  if (status !== 0) throw new Error(`${call} ended with ${status}`, { cause: error })
}
