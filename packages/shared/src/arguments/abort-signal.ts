import { invalidArgument, shown } from './invalid.js'
import { readArgument } from './read-argument.js'

const METHODS = ['addEventListener', 'removeEventListener', 'throwIfAborted'] as const

/**
 * Refuses a value that lacks a used member of AbortSignal, before any timer or listener depends on it.
 *
 * @throws PersistenceError `INVALID_ARGUMENT`.
 */
export function checkSignal(signal: AbortSignal | undefined, operation: string): void {
  if (signal === undefined) return
  const lacking = readArgument(() => missingFrom(signal), operation, 'option signal')
  if (lacking === undefined) return
  throw invalidArgument(
    operation,
    `option signal must be an AbortSignal, got ${lacking}; pass the signal of an AbortController`,
  )
}

function missingFrom(signal: AbortSignal | null): string | undefined {
  if (typeof signal !== 'object' || signal === null) return shown(signal)
  if (typeof signal.aborted !== 'boolean') return 'an object without aborted'
  const method = METHODS.find((name) => typeof signal[name] !== 'function')
  return method && `an object without ${method}()`
}

/**
 * Like `AbortSignal.any`, but also accepts signals of another realm or implementation, as {@link checkSignal} does. Each of those
 * keeps a listener.
 */
export function anySignal(signals: readonly AbortSignal[]): AbortSignal {
  return AbortSignal.any(signals.map((signal) => (signal instanceof AbortSignal ? signal : relay(signal))))
}

/**
 * Settles like `promise`, or rejects with the reason of the signal if that aborts first. The outcome of `promise` is then
 * ignored.
 */
export function untilAborted<Result>(signal: AbortSignal | undefined, promise: Promise<Result>): Promise<Result> {
  if (signal === undefined) return promise
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason)
    // First, so that its failure is handled also if the signal takes no listener.
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
  })
}

function relay(signal: AbortSignal): AbortSignal {
  const controller = new AbortController()
  const abort = (): void => controller.abort(signal.reason)
  if (signal.aborted) abort()
  else signal.addEventListener('abort', abort, { once: true })
  return controller.signal
}
