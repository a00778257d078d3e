import { DisconnectedError } from '../errors/disconnected-error.js'
import { PersistenceError, type PersistenceErrorCode } from '../errors/persistence-error.js'
import { MalformedMessage } from './reader.js'

interface WireError {
  readonly name: string
  readonly message: string
  readonly code?: string | number
  readonly errno?: number
  readonly errcode?: number
  readonly operation?: string
  readonly outcome?: 'none' | 'unknown'
  readonly cause?: WireError
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

/** An error as text: a clone of it would lose its class, its code and its cause. */
export function writeError(error: unknown): string {
  return JSON.stringify(wireError(error, 0))
}

/** @returns the error, and the number of the step that was not met. @throws MalformedMessage */
export function readError(text: string): { readonly error: Error; readonly unmet: number | undefined } {
  let read: WireError
  try {
    read = JSON.parse(text) as WireError
  } catch {
    throw new MalformedMessage('an error is no JSON')
  }
  return { error: revived(read), unmet: read.unmet }
}

const DEEPEST_CAUSE = 4

function wireError(error: unknown, depth: number): WireError {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) }
  const { code, errno, errcode } = error as { code?: unknown; errno?: unknown; errcode?: unknown }
  const cause = error.cause === undefined || depth === DEEPEST_CAUSE ? undefined : wireError(error.cause, depth + 1)
  return {
    name: error.name,
    message: error.message,
    ...((typeof code === 'string' || typeof code === 'number') && { code }),
    ...(typeof errno === 'number' && { errno }),
    ...(typeof errcode === 'number' && { errcode }),
    ...(error instanceof PersistenceError && { operation: error.operation }),
    ...(error instanceof DisconnectedError && { outcome: error.outcome }),
    ...(error instanceof UnmetStep && { unmet: error.step }),
    ...(cause !== undefined && { cause }),
  }
}

function revived(from: WireError): Error {
  const { name, message, code, errno, errcode, operation, outcome } = from
  const cause = from.cause === undefined ? undefined : revived(from.cause)
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
