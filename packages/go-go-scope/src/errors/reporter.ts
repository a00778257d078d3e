import { isError } from './is-error.js'

/** Receives a failure of a hook, listener, timer or store that must not change a result. */
export type Reporter = (source: string, error: unknown) => void

/** The reporter of objects that have no scope. */
export const ignoreReport: Reporter = () => {}

/** {@link callSafely} with a fixed reporter. */
export type SafeCall = (source: string, call: () => unknown) => Promise<void> | undefined

/**
 * Calls a function of the app or of a store. A throw or a rejection goes only to `report`.
 *
 * @returns a promise if the function is still running. It never rejects.
 */
export function callSafely(report: Reporter, source: string, call: () => unknown): Promise<void> | undefined {
  try {
    const result = call()
    if (typeof (result as PromiseLike<unknown> | undefined)?.then !== 'function') return undefined
    return Promise.resolve(result as PromiseLike<unknown>).then(
      () => {},
      (error: unknown) => report(source, error),
    )
  } catch (error) {
    report(source, error)
    return undefined
  }
}

/** Returns the text of any thrown value. Never throws, even if reading the value throws (a revoked Proxy, a getter). */
export function messageOf(thrown: unknown): string {
  try {
    return String(isError(thrown) ? thrown.message : thrown)
  } catch {
    return tagOf(thrown)
  }
}

function tagOf(thrown: unknown): string {
  try {
    return Object.prototype.toString.call(thrown)
  } catch {
    return 'a thrown value that cannot be read'
  }
}
