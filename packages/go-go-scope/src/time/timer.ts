import { onAbort } from '../cancellation/on-abort.js'

/** The longest delay of `setTimeout` in ms. A longer one would fire at once. */
const LONGEST_DELAY = 2 ** 31 - 1

/** A running timer. */
export interface Timer {
  cancel(): void
  /** `false` lets the process end while the timer runs. */
  keepAlive(keep: boolean): void
}

/** Calls `callback` once after `delay` ms. `Infinity` never fires. Keeps the process alive unless told otherwise. */
export function startTimer(delay: number, callback: () => void, keepAlive = true): Timer {
  let handle: ReturnType<typeof setTimeout> | undefined
  let keep = keepAlive
  const arm = (left: number): void => {
    const step = Math.min(left, LONGEST_DELAY)
    handle = setTimeout(() => (left > step ? arm(left - step) : callback()), step)
    if (!keep) handle.unref()
  }
  if (delay < Number.POSITIVE_INFINITY) arm(Math.max(0, delay))
  return {
    cancel: () => clearTimeout(handle),
    keepAlive(wanted) {
      keep = wanted
      if (wanted) handle?.ref()
      else handle?.unref()
    },
  }
}

/** Resolves after `delay` ms; rejects with the reason as soon as `signal` aborts. */
export function sleep(delay: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    let abort: Disposable | undefined
    const timer = startTimer(delay, () => {
      abort?.[Symbol.dispose]()
      resolve()
    })
    if (signal === undefined) return
    abort = onAbort(signal, (reason) => {
      timer.cancel()
      reject(reason)
    })
  })
}
