/**
 * Calls `callback` with the reason when `signal` aborts, at once if it has already.
 *
 * @returns disposing it stops listening.
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
