/**
 * Keeps `inFlight` calls in flight for `duration` ms and lets the last of them end.
 *
 * @param {(index: number) => unknown} operation
 * @param {number} inFlight
 * @param {number} duration
 * @param {number} checkEvery calls between two looks at the clock
 * @returns {Promise<number>} calls a second
 */
export async function measureCalls(operation, inFlight, duration, checkEvery) {
  let next = 0
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
  return (next / (performance.now() - began)) * 1000
}

/**
 * The same for an operation that takes all calls at once: one batch after the other.
 *
 * @param {(index: number, count: number) => unknown} operation
 */
export async function measureBatches(operation, inFlight, duration) {
  let next = 0
  const began = performance.now()
  const end = began + duration
  while (performance.now() < end) {
    await operation(next, inFlight)
    next += inFlight
  }
  return (next / (performance.now() - began)) * 1000
}
