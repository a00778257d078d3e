import type { OperationQueue } from '../../../queue/operation-queue.js'
import { bringUpToDate, migrate } from '../schema/migrate.js'
import { marksOf } from '../schema/moved-file.js'
import type { OwnConnection } from '../thread/own-connection.js'

/** Opens an existing file with the engine of a front end. */
export type OpenFile = (path: string, readOnly: boolean) => Promise<OwnConnection>

// Not a member of the class: it is for tools of this family, and not public.
const openers = new WeakMap<object, OpenFile>()

export function keepOpener(Adapter: object, open: OpenFile): void {
  openers.set(Adapter, open)
}

/** A file opened by a tool of this family. */
export interface FileAccess {
  readonly engine: string
  readonly queue: OperationQueue
  close(): Promise<void>
}

/**
 * Opens a database of this family for a tool, including one that adapters refuse because its rows were moved.
 *
 * @param Adapter The class of a front end, whose engine is used.
 * @returns `undefined` for any other value, and for a class of another copy of this package.
 * @throws PersistenceError `SCHEMA_MISSING` when the schema is not the current one, `FOREIGN_TABLE`, `SCHEMA_NEWER`; the errors
 *   of opening a file.
 */
export async function openFile(Adapter: object, path: string, readOnly: boolean): Promise<FileAccess | undefined> {
  const file = await openers.get(Adapter)?.(path, readOnly)
  if (file === undefined) return undefined
  try {
    // The tool is meant for files marked as moved; every other reason to refuse a file still applies.
    await ((await marksOf(file.queue)).length === 0 ? migrate : bringUpToDate)(file.queue, false)
    return file
  } catch (error) {
    // The caller needs the reason of the refusal, not an error of closing.
    await file.close().catch(() => undefined)
    throw error
  }
}
