import type { ChangeRecorder, RecordedChanges } from '../../../driver/driver.js'

/** The methods of a `DatabaseSync` with sessions. */
interface SessionHandle {
  createSession?(options: { table: string; db: string }): RecordedChanges
  applyChangeset?(changeset: Uint8Array, options: { onConflict: (conflict: number) => number }): boolean
}

/**
 * Returns the recorder of a handle. `undefined` when the engine has no sessions, or accepts no conflict callback, like
 * `node:sqlite` of early Node 22.
 */
export function changeRecorderOf(handle: object): ChangeRecorder | undefined {
  const database: SessionHandle = handle
  if (database.createSession === undefined || database.applyChangeset === undefined) return undefined
  try {
    database.applyChangeset(new Uint8Array(), { onConflict: () => 0 })
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ERR_INVALID_ARG_TYPE') return undefined
    throw error
  }
  return {
    record: (table) => database.createSession?.({ table, db: 'main' }) as RecordedChanges,
    apply: (changeset, onConflict) => database.applyChangeset?.(changeset, { onConflict }) as boolean,
  }
}
