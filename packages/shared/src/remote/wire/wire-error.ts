import { DEEPEST_CAUSE, type ErrorForm, errorForm, errorOf } from '../../errors/error-form.js'
import { PersistenceError } from '../../errors/persistence-error.js'
import { MalformedMessage } from './reader.js'

interface WireError extends ErrorForm {
  /** The step of an atomic batch that gave another number of rows than it had to. */
  readonly unmet?: number
}

/** The error of a step that gave another number of rows than it had to, at the owner. */
export class UnmetStep extends PersistenceError {
  readonly step: number

  constructor(operation: string, step: number, message: string) {
    super('CONSTRAINT', operation, message)
    this.step = step
  }
}

/** An error as text. */
export function writeError(error: unknown): string {
  const form = errorForm(error)
  // Only what is of this family is asked: one of the app may be a proxy that throws then.
  const isUnmet = form.operation !== undefined && error instanceof UnmetStep
  const wire: WireError = isUnmet ? { ...form, unmet: error.step } : form
  return JSON.stringify(wire)
}

/** @returns the error, and the number of the step that was not met. @throws MalformedMessage */
export function readError(text: string): { readonly error: Error; readonly unmet: number | undefined } {
  let read: unknown
  try {
    read = JSON.parse(text)
  } catch {
    throw new MalformedMessage('an error is no JSON')
  }
  if (!isErrorForm(read)) throw new MalformedMessage('an error has not the form of one')
  return { error: errorOf(read), unmet: (read as WireError).unmet }
}

/** Also no deeper than {@link errorForm} makes it: each cause is read within the one above. */
function isErrorForm(read: unknown, depth = 0): read is ErrorForm {
  if (typeof read !== 'object' || read === null || depth > DEEPEST_CAUSE) return false
  const { name, message, cause } = read as Partial<ErrorForm>
  return (
    typeof name === 'string' && typeof message === 'string' && (cause === undefined || isErrorForm(cause, depth + 1))
  )
}
