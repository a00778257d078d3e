// The job. cron starts a new process for each run.
import { setTimeout as work } from 'node:timers/promises'
import { SQLiteAdapter } from '@go-go-scope/persistence-sqlite-node'
import '../end-with-reader.ts'
import { positionalArguments } from '../positional-arguments.ts'

const LEASE_MS = 3_000

const [database = '', duration] = positionalArguments(
  `A job that works for a while, unless another run of it still works.

  node job.ts <file> <duration>

  file         the database
  duration     of the work, in ms
  -h, --help`,
  { least: 2, most: 2 },
)

// `locks: 'database'`, because each run is another process. By default, locks exclude only callers in the same process.
const persistence = await SQLiteAdapter.open(database, { locks: 'database' })
// Tries once: a run that cannot start now is skipped, not queued behind the late one. The lease is renewed while the process
// lives, so it can be short. After a crash, runs are skipped at most for the rest of the lease.
const lock = await persistence.lock.hold('nightly report', { ttl: LEASE_MS, renew: true })
if (lock === null) {
  console.log('skipped, another run holds the lock')
} else {
  const stop = new AbortController()
  process.once('SIGTERM', () => stop.abort())
  try {
    console.log('started')
    // Ends early on a stop signal, and when the lease is lost, for example because the machine was asleep.
    await work(Number(duration), undefined, { signal: AbortSignal.any([lock.signal, stop.signal]) })
    console.log('done')
  } catch (error) {
    if (!stop.signal.aborted) throw error
    console.log('stopped by SIGTERM')
  } finally {
    await lock.release()
  }
}
await persistence.disconnect()
