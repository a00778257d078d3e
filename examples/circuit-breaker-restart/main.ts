// A persistent circuit breaker: it stays open, and so protects the service, even when the program is restarted.
// Needs a scope that stores the state of its breakers, such as the go-go-scope of this repository.
import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { databaseArgument } from '../database-argument.ts'
import { UNREAD } from '../end-with-reader.ts'

const call = fileURLToPath(new URL('call-service.ts', import.meta.url))
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

function run(service: 'up' | 'down', calls: number): void {
  // On Node 20, `execArgv` contains the TypeScript loader.
  const argv = [...process.execArgv, call, database, service, String(calls)]
  const { status, error } = spawnSync(process.execPath, argv, { stdio: 'inherit' })
  if (status === UNREAD) process.exit(UNREAD)
  if (status !== 0) throw new Error(`${call} ended with ${status}`, { cause: error })
}
