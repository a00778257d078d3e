import type { OperationQueue } from '../../../queue/operation-queue.js'
import { bringUpToDate, migrate } from '../schema/migrate.js'
import { marksOf } from '../schema/moved-file.js'
import type { OwnConnection } from '../thread/own-connection.js'

/** Opens a file that exists with the engine of a front end. */
export type OpenFile = (path: string, readOnly: boolean) => Promise<OwnConnection>

// Not a member: it is for tools of this family, and no part of what an app sees of a class.
const openers = new WeakMap<object, OpenFile>()

export function keepOpener(Adapter: object, open: OpenFile): void {
  openers.set(Adapter, open)
}

/** A file as a tool of this family has it open. */
export interface FileAccess {
  readonly engine: string
  readonly queue: OperationQueue
  close(): Promise<void>
}

/**
 * Opens a file of ours for a tool, also one that adapters refuse because it was moved.
 *
 * @param Adapter The class of a front end, whose engine is used.
 * @returns `undefined` for what is no such class, or that of another copy of this package.
 * @throws PersistenceError `SCHEMA_MISSING` where the schema is not the current one, `FOREIGN_TABLE`, `SCHEMA_NEWER`; those
 *   of opening a file.
 */
export async function openFile(Adapter: object, path: string, readOnly: boolean): Promise<FileAccess | undefined> {
  const file = await openers.get(Adapter)?.(path, readOnly)
  if (file === undefined) return undefined
  try {
    // What marks it as moved is what the tool is for; all else that speaks against using it counts.
    await ((await marksOf(file.queue)).length === 0 ? migrate : bringUpToDate)(file.queue, false)
    return file
  } catch (error) {
    await file.close()
    throw error
  }
}
