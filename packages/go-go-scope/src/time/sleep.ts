import { onAbort } from '../cancellation/on-abort.js'
import { startTimer } from './start-timer.js'

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
