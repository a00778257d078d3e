import { clearTimeout as clearFoundTimeout, setTimeout as foundTimeout, setImmediate } from 'node:timers'

/** Where this family takes time from. Replace it in tests; every deadline follows it. */
export interface Clock {
  /** Wall time, epoch ms. What is stored in the file. */
  now(): number
  /** Monotonic time in ms from an arbitrary start. Never stored: it means nothing in another process. */
  monotonic(): number
  /**
   * Calls `callback` once after `delay` ms of monotonic time.
   *
   * @param options `keepAlive` lets the timer keep the process running; by default it does not.
   * @returns cancels the timer; harmless when it has fired.
   */
  setTimer(callback: () => void, delay: number, options?: { keepAlive?: boolean }): () => void
}

// None of the next three is a global: a test of the app may have put a fake there, as Jest's fake timers do with
// `setImmediate` and `queueMicrotask`, and what was put off would wait for ever. Nor is it read at each use: in an app that is
// bundled as CommonJS, that finds the fake that Sinon puts into `node:timers`. Where Sinon was there before this package was
// loaded, the clock of its fake has the real one.
const setRealImmediate = real(setImmediate, '_setImmediate')
const setRealTimeout = real(foundTimeout, '_setTimeout')
const clearRealTimeout = real(clearFoundTimeout, '_clearTimeout')
const settled = Promise.resolve()

function real<Timer extends object>(found: Timer, name: string): Timer {
  const { clock } = found as { readonly clock?: Readonly<Record<string, Timer | undefined>> }
  return clock?.[name] ?? found
}

/** Calls `callback` when the code that runs now, and what waits before it, has ended, in the same turn of the event loop. */
export function inMicrotask(callback: () => void): void {
  void settled.then(callback)
}

/** Calls `callback` in a later turn of the event loop, after timers and I/O had theirs. */
export function inNextTurn(callback: () => void): void {
  setRealImmediate(callback)
}

/** Settles in a later turn of the event loop, after timers and I/O had theirs. */
export function nextTurn(): Promise<void> {
  return new Promise(inNextTurn)
}

/** Calls `callback` once after `delay` ms of real time. Does not keep the process running. @returns cancels it. */
export function setRealTimer(callback: () => void, delay: number): () => void {
  const timer = setRealTimeout(callback, delay)
  timer.unref()
  return () => clearRealTimeout(timer)
}

// Node fires a timer of a longer delay at once.
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer(callback, delay, options) {
    const timer = setTimeout(callback, Math.min(Math.max(0, delay), LONGEST_TIMER_MS))
    if (options?.keepAlive !== true) timer.unref()
    return () => clearTimeout(timer)
  },
}

/** Settles after `ms` by the clock of the machine, and keeps the process running until then. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void systemClock.setTimer(resolve, ms, { keepAlive: true }))
}
