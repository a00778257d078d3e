import { DisconnectedError } from './disconnected-error.js'
import { PersistenceError, type PersistenceErrorCode } from './persistence-error.js'

/** An error as it crosses to another thread or process: a structured clone drops its class, its code and its cause. */
export interface ErrorForm {
  readonly name: string
  readonly message: string
  readonly code?: string | number
  readonly errno?: number
  readonly errcode?: number
  /** Of an error of this family. */
  readonly operation?: string
  /** Of a {@link DisconnectedError}. */
  readonly outcome?: 'none' | 'unknown'
  readonly cause?: ErrorForm
}

/** An error has so many causes below one another at the most; deeper ones do not cross. */
export const DEEPEST_CAUSE = 4

/** Never throws: an app may throw what has no text, or whose members are getters that throw. */
export function errorForm(error: unknown, depth = 0): ErrorForm {
  try {
    return formOf(error, depth)
  } catch {
    return { name: 'Error', message: 'an error that cannot be read' }
  }
}

function formOf(error: unknown, depth: number): ErrorForm {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) }
  const { code, errno, errcode } = error as { code?: unknown; errno?: unknown; errcode?: unknown }
  const cause = error.cause === undefined || depth === DEEPEST_CAUSE ? undefined : errorForm(error.cause, depth + 1)
  return {
    // Whatever their types say.
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

/** The error of a form, with its class where that is one of this family. */
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
