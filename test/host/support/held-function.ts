import { type Deferred, deferred } from './deferred.js'

/** A function that reports its start and runs until the test ends it. */
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
