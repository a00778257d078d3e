import { onAbort } from './on-abort.js'

/** Resolves with the reason when `signal` aborts. */
export function whenAborted(signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve) => {
    onAbort(signal, resolve)
  })
}
