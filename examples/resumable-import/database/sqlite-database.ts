import { sqliteCitySql } from './city-sql.ts'

/** What all engines of SQLite have in common. */
export const sqliteDatabase = {
  setUp: [
    'PRAGMA busy_timeout = 1000',
    // Readers do not wait for the writer, and a commit is one flush; FULL: what is acknowledged survives a power cut.
    'PRAGMA journal_mode = WAL',
    'PRAGMA synchronous = FULL',
  ],
  citySql: sqliteCitySql,
}
