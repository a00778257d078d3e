import type { ClockUnderTest } from './engine-under-test.js'

/** A clock with a wall time of the test's choice, and real waiting, for connections that contend. */
export function realTimers(now: () => number): ClockUnderTest {
  return {
    now,
    monotonic: () => performance.now(),
    setTimer: (callback, delay) => {
      const timer = setTimeout(callback, delay)
      return () => clearTimeout(timer)
    },
  }
}
