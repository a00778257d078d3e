import { mkdir } from 'node:fs/promises'
import { BackupSchedule, SQLiteAdapter } from '@go-go-scope/persistence'
import { PostgresAdapter } from '@go-go-scope/persistence-postgres'

const HOUR = 60 * 60_000

/** Both adapters have the same members, except those that only apply to files. */
export type Persistence = SQLiteAdapter | PostgresAdapter

/** Opens a file, or a PostgreSQL database if `place` is its URL. Any number of processes may open the same one. */
export function openDatabase(place: string): Promise<Persistence> {
  if (/^postgres(ql)?:/.test(place)) return PostgresAdapter.open(place)
  // Locks in the database, because other processes must see them. By default they are in memory.
  return SQLiteAdapter.open(place, { locks: 'database' })
}

/** Starts scheduled backups of a file. All processes call this; one of them makes each backup. A server has its own backups. */
export async function startBackups(persistence: Persistence, directory: string): Promise<BackupSchedule | undefined> {
  if (persistence instanceof PostgresAdapter) return undefined
  await mkdir(directory, { recursive: true })
  return BackupSchedule.start(persistence, { directory, every: HOUR, keep: { last: 24, daily: 7, weekly: 4 } })
}
