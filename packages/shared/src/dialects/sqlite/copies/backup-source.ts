import type { AdapterOptions } from '../../../adapter/adapter-options.js'
import { type BaseAdapter, sessionOf } from '../../../adapter/base-adapter.js'
import { invalidArgument, shownClass } from '../../../arguments/invalid.js'
import { PersistenceError } from '../../../errors/persistence-error.js'
import type { Session } from '../../../session/session.js'
import type { StartWorker } from '../thread/worker.js'

/** What a front end has made an adapter with. */
interface FrontEndParts {
  /** The options as the app has given them. */
  readonly options: AdapterOptions
  /** `undefined` for a front end without a thread. */
  readonly startWorker: StartWorker | undefined
}

/** What backups and restores need of an adapter. */
export interface BackupSource extends FrontEndParts {
  readonly session: Session
}

const partsOfAdapters = new WeakMap<object, FrontEndParts>()

/** Registers an adapter, so that {@link sourceOf} finds it. */
export function registerSource(adapter: BaseAdapter, parts: FrontEndParts): void {
  partsOfAdapters.set(adapter, parts)
}

/** @throws PersistenceError `INVALID_ARGUMENT` for anything but a registered adapter of this copy of the package. */
export function sourceOf(adapter: unknown, operation: string): BackupSource {
  const session = sessionOf(adapter)
  const parts = partsOfAdapters.get(adapter as object)
  if (session !== undefined && parts !== undefined) return { session, ...parts }
  throw invalidArgument(
    operation,
    `the first argument must be an SQLiteAdapter of the same copy of this package, got ${shownClass(adapter)}`,
  )
}

/**
 * Call it for an operation that writes to the file of its adapter.
 *
 * @param instead What else can be given or called, for the message.
 * @throws PersistenceError `READ_ONLY` for an adapter that was opened read-only.
 */
export function refuseReadOnly({ connection }: Session, operation: string, instead: string): void {
  if (!connection.readOnly) return
  throw new PersistenceError(
    'READ_ONLY',
    operation,
    `${operation}: the adapter was opened read-only; give it one that writes, or ${instead}`,
  )
}
