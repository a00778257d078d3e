import { clearTimeout as clearFoundTimeout, setTimeout as foundTimeout, setImmediate } from 'node:timers'

/** The source of time of this family. Replace it in tests: every deadline follows it. */
export interface Clock {
  /** Wall time, epoch ms. This is the time that is stored in the database. */
  now(): number
  /** Monotonic time in ms from an arbitrary start. Never stored, because it has no meaning in another process. */
  monotonic(): number
  /**
   * Calls `callback` once after `delay` ms of monotonic time.
   *
   * @param options `keepAlive` makes the timer keep the process running; by default it does not.
   * @returns a function that cancels the timer; it does nothing once the timer has fired.
   */
  setTimer(callback: () => void, delay: number, options?: { keepAlive?: boolean }): () => void
}

// The next three do not use the globals. A test of the app may have replaced these with fakes, as Jest's fake timers do with
// `setImmediate` and `queueMicrotask`; deferred work would then wait forever. They are also not read at each use: in an app that
// is bundled as CommonJS, that would find the fake that Sinon puts into `node:timers`. If Sinon was loaded before this package,
// the clock of its fake has the real function.
const setRealImmediate = real(setImmediate, '_setImmediate')
const setRealTimeout = real(foundTimeout, '_setTimeout')
const clearRealTimeout = real(clearFoundTimeout, '_clearTimeout')
const settled = Promise.resolve()

function real<Timer extends object>(found: Timer, name: string): Timer {
  const { clock } = found as { readonly clock?: Readonly<Record<string, Timer | undefined>> }
  return clock?.[name] ?? found
}

/** Calls `callback` in the same turn of the event loop, after the running code and the microtasks queued before. */
export function inMicrotask(callback: () => void): void {
  void settled.then(callback)
}

/** Returns a function that calls `run` in a microtask, once for all of its own calls until then. */
export function oncePerMicrotask(run: () => void): () => void {
  let scheduled = false
  return () => {
    if (scheduled) return
    scheduled = true
    inMicrotask(() => {
      scheduled = false
      run()
    })
  }
}

/** Calls `callback` in a later turn of the event loop, after pending timers and I/O. */
export function inNextTurn(callback: () => void): void {
  setRealImmediate(callback)
}

/** Settles in a later turn of the event loop, after pending timers and I/O. */
export function nextTurn(): Promise<void> {
  return new Promise(inNextTurn)
}

/**
 * Calls `callback` once after `delay` ms of real time. Does not keep the process running. @returns a function that cancels it.
 */
export function setRealTimer(callback: () => void, delay: number): () => void {
  const timer = setRealTimeout(callback, delay)
  timer.unref()
  return () => clearRealTimeout(timer)
}

// Node fires a timer with a longer delay immediately.
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

/** Settles after `ms` of real time. Keeps the process running until then. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void systemClock.setTimer(resolve, ms, { keepAlive: true }))
}
