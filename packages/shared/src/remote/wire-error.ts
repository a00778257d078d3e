import { type ErrorForm, errorForm, errorOf } from '../errors/error-form.js'
import { PersistenceError } from '../errors/persistence-error.js'
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
  const wire: WireError = { ...errorForm(error), ...(error instanceof UnmetStep && { unmet: error.step }) }
  return JSON.stringify(wire)
}

/** @returns the error, and the number of the step that was not met. @throws MalformedMessage */
export function readError(text: string): { readonly error: Error; readonly unmet: number | undefined } {
  let read: WireError
  try {
    read = JSON.parse(text) as WireError
  } catch {
    throw new MalformedMessage('an error is no JSON')
  }
  return { error: errorOf(read), unmet: read.unmet }
}
