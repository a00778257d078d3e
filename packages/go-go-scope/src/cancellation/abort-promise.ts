import { onAbort } from './on-abort.js'

/** Rejects with the reason when `signal` aborts; never resolves. */
export function abortPromise(signal: AbortSignal): Promise<never> {
  const promise = new Promise<never>((_, reject) => {
    onAbort(signal, reject)
  })
  // The loser of a race is often dropped; that alone must not bring the process down.
  promise.catch(() => {})
  return promise
}
