export let resolveLast: (result: unknown) => void
export let rejectLast: (error: unknown) => void

/**
 * Given to `new Promise`, keeps what settles it until the next one is made. One function for all promises: a closure for
 * each would cost as much as the promise.
 */
export function keepSettlers(resolve: (result: never) => void, reject: (error: unknown) => void): void {
  resolveLast = resolve as (result: unknown) => void
  rejectLast = reject
}
