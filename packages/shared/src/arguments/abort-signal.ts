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
