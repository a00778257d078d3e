import { DEEPEST_CAUSE, type ErrorForm, errorForm, errorOf } from '../../errors/error-form.js'
import { PersistenceError } from '../../errors/persistence-error.js'
import { MalformedMessage } from './reader.js'

interface WireError extends ErrorForm {
  /** The index of the step of an atomic batch that returned another number of rows than expected. */
  readonly unmet?: number
}

/** At the owner, the error of a step that returned another number of rows than expected. */
export class UnmetStep extends PersistenceError {
  readonly step: number

  constructor(operation: string, step: number, message: string) {
    super('CONSTRAINT', operation, message)
    this.step = step
  }
}

/** Returns an error as text. */
export function writeError(error: unknown): string {
  const form = errorForm(error)
  // Only for errors of this family: an error of the app may be a proxy that throws on `instanceof`.
  const isUnmet = form.operation !== undefined && error instanceof UnmetStep
  const wire: WireError = isUnmet ? { ...form, unmet: error.step } : form
  return JSON.stringify(wire)
}

/** @returns the error, and the index of the step whose expectation was not met. @throws MalformedMessage */
export function readError(text: string): { readonly error: Error; readonly unmet: number | undefined } {
  let read: unknown
  try {
    read = JSON.parse(text)
  } catch {
    // Refused below.
  }
  if (!isErrorForm(read)) throw new MalformedMessage('an error is malformed')
  return { error: errorOf(read), unmet: (read as WireError).unmet }
}

/** Also limits the depth to that of {@link errorForm}: causes are read recursively. */
function isErrorForm(read: unknown, depth = 0): read is ErrorForm {
  if (typeof read !== 'object' || read === null || depth > DEEPEST_CAUSE) return false
  const { name, message, cause } = read as Partial<ErrorForm>
  return (
    typeof name === 'string' && typeof message === 'string' && (cause === undefined || isErrorForm(cause, depth + 1))
  )
}
