export let resolveLast: (result: unknown) => void
export let rejectLast: (error: unknown) => void

/**
 * Passed to `new Promise`; keeps the functions that settle it until the next promise is created. One function serves all
 * promises, because a closure for each would cost as much as the promise.
 */
export function keepSettlers(resolve: (result: never) => void, reject: (error: unknown) => void): void {
  resolveLast = resolve as (result: unknown) => void
  rejectLast = reject
}
