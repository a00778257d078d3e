import { PersistenceError } from '../../../errors/persistence-error.js'

/** Creates the error of a job that was asked to stop. Its caller reports the reason for the stop instead. */
export function stopped(): PersistenceError {
  return new PersistenceError('CLOSED', 'backup', 'backup: it was asked to stop')
}
