// Simulates cron: starts the job (job.ts) while an earlier run is still working, and after a run was killed.
// Uses only the adapter, no scope.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { databaseArgument } from '../database-argument.ts'
import '../end-with-reader.ts'

const database = databaseArgument(
  'A cron job whose runs do not overlap, each in a process of its own.',
  fileURLToPath(new URL('cron.db', import.meta.url)),
)
const job = fileURLToPath(new URL('job.ts', import.meta.url))
let runs = 0

await startRun(20).ended

const long = startRun(60_000)
await long.started
await startRun(20).ended
long.kill('SIGTERM')
await long.ended

const killed = startRun(60_000)
await killed.started
killed.kill('SIGKILL')
await killed.ended
await startRun(20).ended
console.log('The lease of the killed run ends within 3 seconds.')
await delay(3_000)
await startRun(20).ended

interface Run {
  /** Resolves when the run has printed something. */
  started: Promise<unknown>
  kill(signal: NodeJS.Signals): void
  ended: Promise<void>
}

/** Starts a run. @param duration ms of work */
function startRun(duration: number): Run {
  const name = `run ${++runs}`
  // On Node 20, `execArgv` contains the TypeScript loader.
  const child = spawn(process.execPath, [...process.execArgv, job, database, String(duration)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines = createInterface(child.stdout).on('line', (line) => console.log(`${name}: ${line}`))
  const end = () => child.kill()
  process.once('exit', end)
  return {
    started: once(lines, 'line'),
    kill: (signal) => child.kill(signal),
    ended: new Promise<void>((resolve, reject) => {
      child.once('error', reject)
      // 'close' comes after the last line of output.
      child.once('close', (code, signal) => {
        process.off('exit', end)
        if (signal === 'SIGKILL') console.log(`${name}: killed with SIGKILL`)
        else if (code !== 0) reject(new Error(`${name} ended with ${signal ?? code}`))
        resolve()
      })
    }),
  }
}
