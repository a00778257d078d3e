/** Where a failure goes that must not become anybody's result: a throwing hook, listener, timer or store. */
export type Reporter = (source: string, error: unknown) => void

/** For objects made without a scope, which have nobody to tell. */
export const ignoreReport: Reporter = () => {}

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

/** The text of any thrown value. Never throws, also when the value throws at every look: a revoked Proxy, a getter. */
export function messageOf(thrown: unknown): string {
  try {
    return String(thrown instanceof Error ? thrown.message : thrown)
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
