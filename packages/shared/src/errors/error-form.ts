import { DisconnectedError } from './disconnected-error.js'
import { isError } from './is-error.js'
import { PersistenceError, type PersistenceErrorCode } from './persistence-error.js'

/**
 * An error in the form in which it crosses to another thread or process. A structured clone would drop its class, code and cause.
 */
export interface ErrorForm {
  readonly name: string
  readonly message: string
  readonly code?: string | number
  readonly errno?: number
  readonly errcode?: number
  /** Set for an error of this family. */
  readonly operation?: string
  /** Set for a {@link DisconnectedError}. */
  readonly outcome?: 'none' | 'unknown'
  readonly cause?: ErrorForm
}

/** Maximum number of nested causes; deeper ones do not cross. */
export const DEEPEST_CAUSE = 4

/** Never throws, although an app may throw a value that has no text or has getters that throw. */
export function errorForm(error: unknown, depth = 0): ErrorForm {
  try {
    return formOf(error, depth)
  } catch {
    return { name: 'Error', message: 'an error that cannot be read' }
  }
}

function formOf(error: unknown, depth: number): ErrorForm {
  if (!isError(error)) return { name: 'Error', message: String(error) }
  const { code, errno, errcode } = error as { code?: unknown; errno?: unknown; errcode?: unknown }
  const cause = error.cause === undefined || depth === DEEPEST_CAUSE ? undefined : errorForm(error.cause, depth + 1)
  return {
    // Checked at run time, because the types do not guarantee it.
    name: typeof error.name === 'string' ? error.name : 'Error',
    message: String(error.message),
    ...((typeof code === 'string' || typeof code === 'number') && { code }),
    ...(typeof errno === 'number' && { errno }),
    ...(typeof errcode === 'number' && { errcode }),
    ...(error instanceof PersistenceError && { operation: error.operation }),
    ...(error instanceof DisconnectedError && { outcome: error.outcome }),
    ...(cause !== undefined && { cause }),
  }
}

/** Restores the error of a form, with its class if it is one of this family. */
export function errorOf({ name, message, code, errno, errcode, operation, outcome, ...rest }: ErrorForm): Error {
  const cause = rest.cause === undefined ? undefined : errorOf(rest.cause)
  if (operation !== undefined) {
    if (outcome !== undefined) return new DisconnectedError(operation, outcome, message)
    return new PersistenceError(code as PersistenceErrorCode, operation, message, cause)
  }
  const error = new Error(message, cause === undefined ? undefined : { cause })
  error.name = name
  for (const [member, value] of Object.entries({ code, errno, errcode })) {
    if (value !== undefined) Object.assign(error, { [member]: value })
  }
  return error
}
