// A job that is due every 100 ms but sometimes takes longer: a lock keeps its runs apart.
import { SQLiteAdapter } from '@go-go-scope/persistence-sqlite-node'
import { scope } from 'go-go-scope'
import '../end-with-reader.mjs'

const EVERY_MS = 100
const TTL_MS = 30_000
// How long each run takes, in ms. The second one is still at it when the next two are due.
const DURATIONS = [20, 250, 20, 20, 20]

const persistence = await SQLiteAdapter.open(':memory:')
const cron = scope({ name: 'cron', persistence })
let running = 0

/** @param {number} due */
async function whenDue(due) {
  // Tries once: a run that cannot start now is skipped, not queued behind the one that is late.
  const lock = await persistence.lock.acquire('nightly report', TTL_MS)
  if (lock === null) {
    console.log(`run ${due} is due: skipped, an earlier run is still at it`)
    return
  }
  try {
    console.log(`run ${due} is due: started`)
    // Two signals that end it: the scope is cancelled, or the lock is lost because the run outlasted the time to live.
    const [error] = await cron.task(({ signal }) => report(due, AbortSignal.any([signal, lock.signal])))
    console.log(error === undefined ? `run ${due} done` : `run ${due} failed: ${error.message}`)
  } finally {
    await lock.release()
  }
}

/**
 * @param {number} due
 * @param {AbortSignal} signal
 */
async function report(due, signal) {
  running++
  try {
    if (running > 1) throw new Error('two runs at once')
    await cron.delay(DURATIONS[due - 1] ?? 0)
    signal.throwIfAborted()
  } finally {
    running--
  }
}

/** @type {Promise<void>[]} */
const runs = []
for (let due = 1; due <= DURATIONS.length; due++) {
  runs.push(whenDue(due))
  await cron.delay(EVERY_MS)
}
await Promise.all(runs)
await cron[Symbol.asyncDispose]()
await persistence.disconnect()
