import type { Clock } from './clock.js'

/** The same clock as an object of its own, to which lease-clock.ts ties the time of one connection's file. */
export function ownClock(clock: Clock): Clock {
  return {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    setTimer: (callback, delay, options) => clock.setTimer(callback, delay, options),
  }
}
