import { ROWS } from './trials/sample.mjs'

// Calls are numbered across all runs: a run that started again at 0 would write the values that are already stored, and
// SQLite writes and flushes nothing when nothing changes.
let next = ROWS

/**
 * Keeps `inFlight` calls in flight for `duration` ms and waits for the last ones.
 *
 * @param {(index: number) => unknown} operation
 * @param {number} inFlight
 * @param {number} duration
 * @param {number} checkEvery calls between two reads of the clock
 * @returns {Promise<number>} calls per second
 */
export async function measureCalls(operation, inFlight, duration, checkEvery) {
  const first = next
  let ended = false
  const began = performance.now()
  const end = began + duration
  async function caller() {
    while (!ended) {
      const index = next++
      if (index % checkEvery === 0 && performance.now() >= end) ended = true
      await operation(index)
    }
  }
  if (inFlight === 1) await caller()
  else await Promise.all(Array.from({ length: inFlight }, caller))
  return ((next - first) / (performance.now() - began)) * 1000
}

/**
 * The same for an operation that takes all calls at once: sends one batch after the other.
 *
 * @param {(index: number, count: number) => unknown} operation
 */
export async function measureBatches(operation, inFlight, duration) {
  const first = next
  const began = performance.now()
  const end = began + duration
  while (performance.now() < end) {
    await operation(next, inFlight)
    next += inFlight
  }
  return ((next - first) / (performance.now() - began)) * 1000
}
