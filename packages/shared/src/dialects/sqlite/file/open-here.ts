import { PersistenceError } from '../../../errors/persistence-error.js'
import { fileIdentity } from './file-identity.js'
import { isRegistered } from './library-registry.js'
import { processView } from './process-view.js'

/**
 * To be called before a file is opened or read past the engines: closing it again would drop the locks of those that have
 * it open in this process, and against them no lock helps.
 *
 * @throws PersistenceError `FILE_IN_USE` when an adapter has it open or, on Linux, any code of the process.
 */
export async function refuseOpenHere(path: string, operation: string): Promise<void> {
  const identity = await fileIdentity(path)
  if (identity === undefined) return
  const view = await processView(path)
  if (!isRegistered(identity) && view?.locked !== true && (view?.libraries ?? 0) === 0) return
  throw new PersistenceError(
    'FILE_IN_USE',
    operation,
    `${operation} ${path}: this process has the file open; disconnect every adapter on it and close every handle first`,
  )
}
