import type { Reporter } from './reporter.js'

/** {@link callSafely} for one who has a reporter. */
export type SafeCall = (source: string, call: () => unknown) => Promise<void> | undefined

/**
 * Calls somebody else's function. Neither its throw nor its rejection gets out: both are reported.
 *
 * @returns a promise when the function is still at work; it never rejects.
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
