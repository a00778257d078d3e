// Plays cron: starts the job (job.mjs) while an earlier run still works, and after one that was killed.
// Needs the adapter alone, no scope.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { databaseArgument } from '../database-argument.mjs'
import '../end-with-reader.mjs'

const database = databaseArgument(
  'A cron job whose runs do not overlap, each in a process of its own.',
  fileURLToPath(new URL('cron.db', import.meta.url)),
)
const job = fileURLToPath(new URL('job.mjs', import.meta.url))
let runs = 0

await startRun(20).ended

// Longer than its lease, which it renews.
const long = startRun(4_000)
await long.started
await startRun(20).ended
await long.ended

const killed = startRun(60_000)
await killed.started
killed.kill()
await killed.ended
await startRun(20).ended
console.log('The lease of the killed run ends within 3 seconds.')
await delay(3_000)
await startRun(20).ended

/** @param {number} duration ms of work */
function startRun(duration) {
  const name = `run ${++runs}`
  const child = spawn(process.execPath, [job, database, String(duration)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines = createInterface(child.stdout).on('line', (line) => console.log(`${name}: ${line}`))
  const end = () => child.kill()
  process.once('exit', end)
  return {
    /** When it has printed something. */
    started: once(lines, 'line'),
    kill: () => child.kill('SIGKILL'),
    ended: new Promise((resolve, reject) => {
      child.once('error', reject)
      // 'close' comes after the last line of output.
      child.once('close', (code, signal) => {
        process.off('exit', end)
        if (signal === 'SIGKILL') console.log(`${name}: killed with SIGKILL`)
        else if (code !== 0) reject(new Error(`${name} ended with ${signal ?? code}`))
        resolve(undefined)
      })
    }),
  }
}
