import type { AdapterOptions } from '../../../adapter/adapter-options.js'
import { BaseAdapter } from '../../../adapter/base-adapter.js'
import { invalidArgument, shownClass } from '../../../arguments/invalid.js'
import type { Session } from '../../../session/session.js'
import type { StartWorker } from '../thread/worker.js'

/** How a front end has made an adapter. */
interface Making {
  /** As they were given. */
  readonly options: AdapterOptions
  /** Absent for a front end without a thread. */
  readonly startWorker: StartWorker | undefined
}

/** What copies need of an adapter. */
export interface BackupSource extends Making {
  readonly session: Session
}

const makings = new WeakMap<object, Making>()

/** Lets `adapter` be copied. */
export function makeSource(adapter: BaseAdapter, making: Making): void {
  makings.set(adapter, making)
}

/** @throws PersistenceError `INVALID_ARGUMENT` for what is no adapter of this copy of the package. */
export function sourceOf(adapter: unknown, operation: string): BackupSource {
  const session = BaseAdapter.sessionOf(adapter)
  const making = makings.get(adapter as object)
  if (session !== undefined && making !== undefined) return { session, ...making }
  throw invalidArgument(
    operation,
    `the first argument must be an SQLiteAdapter of the same copy of this package, got ${shownClass(adapter)}`,
  )
}
