import type { ClockUnderTest } from './engine-under-test.js'

/** Returns a clock with a wall time chosen by the test and with real timers, for connections that contend. */
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
