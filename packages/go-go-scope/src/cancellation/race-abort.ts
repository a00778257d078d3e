import type { AbortSource } from './abort-source.js'

/**
 * Settles as `work` does, or rejects with `failure()` as soon as `source` aborts. Listens before the work starts, so
 * that the abort wins over whatever the work does about it; after an abort the work is not started at all.
 */
export function raceAbort<T>(source: AbortSource, failure: () => unknown, work: () => Promise<T>): Promise<T> {
  if (source.aborted) return Promise.reject(failure())
  return new Promise<T>((resolve, reject) => {
    const stop = source.onAbort(() => reject(failure()))
    work().then(
      (value) => {
        stop()
        resolve(value)
      },
      (error: unknown) => {
        stop()
        reject(error)
      },
    )
  })
}
