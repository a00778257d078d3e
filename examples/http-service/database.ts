import { mkdir } from 'node:fs/promises'
import { BackupSchedule, SQLiteAdapter } from '@go-go-scope/persistence'
import { PostgresAdapter } from '@go-go-scope/persistence-postgres'

const HOUR = 60 * 60_000

/** Both have the same members but for those of a file. */
export type Persistence = SQLiteAdapter | PostgresAdapter

/** Opens a file, or the PostgreSQL database that `place` is the URL of. Any number of processes may do so. */
export function openDatabase(place: string): Promise<Persistence> {
  if (/^postgres(ql)?:/.test(place)) return PostgresAdapter.open(place)
  // Locks in the database, because the other processes must see them. By default they are in memory.
  return SQLiteAdapter.open(place, { locks: 'database' })
}

/** Backs a file up into a folder. In each process: one of them makes each backup. A server has backups of its own. */
export async function startBackups(persistence: Persistence, directory: string): Promise<BackupSchedule | undefined> {
  if (persistence instanceof PostgresAdapter) return undefined
  await mkdir(directory, { recursive: true })
  return BackupSchedule.start(persistence, { directory, every: HOUR, keep: { last: 24, daily: 7, weekly: 4 } })
}
