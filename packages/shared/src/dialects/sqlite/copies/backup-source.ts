import type { AdapterOptions } from '../../../adapter/adapter-options.js'
import { invalidArgument } from '../../../arguments/invalid.js'
import type { Session } from '../../../session/session.js'
import type { StartWorker } from '../thread/worker.js'

/** What copies need of an adapter. */
export interface BackupSource {
  readonly session: Session
  /** As they were given. */
  readonly options: AdapterOptions
  /** Absent for a front end without a thread. */
  readonly startWorker: StartWorker | undefined
}

const sources = new WeakMap<object, BackupSource>()

/** Lets `adapter` be copied. */
export function makeSource(adapter: object, source: BackupSource): void {
  sources.set(adapter, source)
}

/** @throws PersistenceError `INVALID_ARGUMENT` for what is no adapter of this copy of the package. */
export function sourceOf(adapter: unknown, operation: string): BackupSource {
  const source = typeof adapter === 'object' && adapter !== null ? sources.get(adapter) : undefined
  if (source !== undefined) return source
  throw invalidArgument(operation, 'the first argument must be an SQLiteAdapter of the same copy of this package')
}
