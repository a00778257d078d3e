import { sqliteCitySql } from './city-sql.ts'

/** The part that all SQLite engines share. */
export const sqliteDatabase = {
  setUp: [
    'PRAGMA busy_timeout = 1000',
    // WAL: readers do not wait for the writer, and a commit is one flush. FULL: acknowledged writes survive a power failure.
    'PRAGMA journal_mode = WAL',
    'PRAGMA synchronous = FULL',
  ],
  citySql: sqliteCitySql,
}
