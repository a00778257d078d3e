import { PersistenceError } from '../errors/persistence-error.js'
import { shown } from './shown.js'

/** The error for an option that cannot be used. */
export function invalidOption(name: string, value: unknown, wanted: string): PersistenceError {
  return new PersistenceError('INVALID_OPTION', 'options', `option ${name} must be ${wanted}, got ${shown(value)}`)
}
