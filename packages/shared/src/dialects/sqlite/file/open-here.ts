import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { PersistenceError } from '../../../errors/persistence-error.js'
import { nextTurn } from '../../../time/clock.js'
import { fileIdentity } from './file-identity.js'
import { isRegistered } from './library-registry.js'
import { processView } from './process-view.js'

/**
 * Call it before a file is opened or read outside the engines: closing it again would release the locks of connections in this
 * process that have it open, and no lock prevents that.
 *
 * @throws PersistenceError `FILE_IN_USE` when an adapter has it open or, on Linux, any code of the process.
 */
export async function refuseOpenHere(path: string, operation: string): Promise<void> {
  const identity = await fileIdentity(path)
  if (identity === undefined) return
  if (!(await isRegistered(identity))) {
    if (!(await isMapped(path))) return
    await collectGarbage()
    if (!(await isMapped(path))) return
  }
  throw new PersistenceError(
    'FILE_IN_USE',
    operation,
    `${operation} ${path}: this process has the file open; disconnect every adapter on it and close every handle first`,
  )
}

async function isMapped(path: string): Promise<boolean> {
  const view = await processView(path)
  return view !== undefined && (view.locked || view.libraries > 0)
}

/** An engine may keep a closed file open until its statements are garbage-collected. */
export async function collectGarbage(): Promise<void> {
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('typeof gc === "function" ? gc : undefined')
  if (typeof collect === 'function') collect()
  // Finalizers run in later turns of the event loop.
  for (let turn = 0; turn < 3; turn++) await nextTurn()
}
