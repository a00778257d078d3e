/**
 * Calls `callback` with the reason when `signal` aborts, at once if it has already.
 *
 * @returns a disposable that stops listening.
 */
export function onAbort(signal: AbortSignal, callback: (reason: unknown) => void): Disposable {
  if (signal.aborted) {
    callback(signal.reason)
    return { [Symbol.dispose]: () => {} }
  }
  const listener = () => callback(signal.reason)
  signal.addEventListener('abort', listener, { once: true })
  return { [Symbol.dispose]: () => signal.removeEventListener('abort', listener) }
}

/** Rejects with the reason when `signal` aborts; never resolves. */
export function abortPromise(signal: AbortSignal): Promise<never> {
  const promise = new Promise<never>((_, reject) => {
    onAbort(signal, reject)
  })
  // The loser of a race is often not awaited. It must not cause an unhandled rejection.
  promise.catch(() => {})
  return promise
}

/** Resolves with the reason when `signal` aborts. */
export function whenAborted(signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve) => {
    onAbort(signal, resolve)
  })
}
