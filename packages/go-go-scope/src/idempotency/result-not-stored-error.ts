import { isError } from '../errors/is-error.js'
import { messageOf } from '../errors/reporter.js'

const CODE = 'RESULT_NOT_STORED' as const

/** How a store's message names the value inside a stored tuple. Users do not know the tuple. */
const WHOLE_VALUE = 'the member [1] of the value'
const IN_VALUE = /the member \[1\]\.?/

/** The error when the work of an idempotency key was done, but its result could not be stored. */
export class ResultNotStoredError extends Error {
  readonly _tag = 'ResultNotStoredError' as const
  override readonly name = 'ResultNotStoredError'
  readonly code: typeof CODE = CODE
  readonly key: string

  /** @param consequence What this means for the key. */
  constructor(key: string, reason: string, consequence: string, options?: { cause?: unknown }) {
    super(
      `The task with idempotency key '${key}' has run, but its result could not be stored: ${reason}; ${consequence}`,
      options,
    )
    this.key = key
  }

  /** Returns the error for later tasks with the key. */
  static forLater(key: string, reason: string, options?: { cause?: unknown }): ResultNotStoredError {
    return new ResultNotStoredError(key, reason, 'delete the key to run it again', options)
  }
}

/** Whether a store's error means that the key has ended without a stored result. */
export function saysNotStored(error: unknown): boolean {
  try {
    return (error as { readonly code?: unknown } | null | undefined)?.code === CODE
  } catch {
    // An error that cannot be read does not mean that.
    return false
  }
}

/** Returns why a store could not store a result, in terms of the value that the task returned. */
export function reasonOf(error: unknown): string {
  try {
    const { cause, operation } = Object(error) as { readonly cause?: unknown; readonly operation?: unknown }
    if (saysNotStored(error) && isError(cause)) return reasonOf(cause)
    const message = messageOf(error)
    const text = message.startsWith(`${String(operation)}: `) ? message.slice(String(operation).length + 2) : message
    return text.replace(WHOLE_VALUE, 'the value').replace(IN_VALUE, 'the member ')
  } catch {
    return 'the error of the store cannot be read'
  }
}
