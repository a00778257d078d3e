import { PersistenceError } from '../../../errors/persistence-error.js'

/** What a job throws that was asked to stop; its owner knows why and answers with that. */
export function stopped(): PersistenceError {
  return new PersistenceError('CLOSED', 'backup', 'backup: it was asked to stop')
}
