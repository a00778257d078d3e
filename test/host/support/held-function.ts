import { type Deferred, deferred } from './deferred.js'

/** A function that tells when it has begun, and goes on until it is given its end. */
export interface HeldFunction<T> {
  run(): Promise<T>
  readonly begun: Promise<void>
  readonly end: Deferred<T>
}

export function heldFunction<T = void>(): HeldFunction<T> {
  const begun = deferred()
  const end = deferred<T>()
  return {
    run() {
      begun.resolve()
      return end.promise
    },
    begun: begun.promise,
    end,
  }
}
