import { reasonOf } from '../../errors/is-error.js'
import { PersistenceError, type PersistenceErrorCode } from '../../errors/persistence-error.js'
import { refusedAsMoved } from './schema/moved-file.js'

// Primary result codes of SQLite (https://www.sqlite.org/rescode.html).
const BY_NUMBER: ReadonlyMap<number, PersistenceErrorCode> = new Map([
  [5, 'BUSY'],
  [6, 'BUSY'],
  [8, 'READ_ONLY'],
  [10, 'IO_ERROR'],
  [11, 'CORRUPT'],
  [13, 'DISK_FULL'],
  [14, 'CANNOT_OPEN'],
  // SQLITE_PROTOCOL: several processes started on a new WAL at the same time; a retry succeeds.
  [15, 'BUSY'],
  [18, 'VALUE_TOO_LARGE'],
  [19, 'CONSTRAINT'],
  [26, 'NOT_A_DATABASE'],
])

// SQLITE_READONLY_DBMOVED: the file was moved or deleted under an open connection.
const DATABASE_MOVED = 1032

const BY_NAME: ReadonlyMap<string, number> = new Map([
  ['SQLITE_BUSY', 5],
  ['SQLITE_LOCKED', 6],
  ['SQLITE_READONLY', 8],
  ['SQLITE_IOERR', 10],
  ['SQLITE_CORRUPT', 11],
  ['SQLITE_FULL', 13],
  ['SQLITE_CANTOPEN', 14],
  ['SQLITE_PROTOCOL', 15],
  ['SQLITE_TOOBIG', 18],
  ['SQLITE_CONSTRAINT', 19],
  ['SQLITE_NOTADB', 26],
])

// One engine reports some failures only by message, so the texts of sqlite3_errstr are the last resort.
const BY_MESSAGE: readonly (readonly [RegExp, PersistenceErrorCode])[] = [
  [/database (table )?is locked|locking protocol/i, 'BUSY'],
  [/file is not a database/i, 'NOT_A_DATABASE'],
  [/database disk image is malformed|malformed database schema/i, 'CORRUPT'],
  [/attempt to write a readonly database/i, 'READ_ONLY'],
  [/database or disk is full/i, 'DISK_FULL'],
  [/unable to open database file/i, 'CANNOT_OPEN'],
  [/disk I\/O error/i, 'IO_ERROR'],
  [/constraint failed/i, 'CONSTRAINT'],
  [/string or blob too big/i, 'VALUE_TOO_LARGE'],
  [/database (is|has) (closed|not open)|closed database|statement has been finalized/i, 'CLOSED'],
]

const ADVICE: Readonly<Partial<Record<PersistenceErrorCode, string>>> = {
  BUSY: 'another connection held the database for longer than busyTimeout; raise busyTimeout or shorten the other writer',
  READ_ONLY:
    'the database cannot be written; check the permissions of the file and of its folder, and that the handle was not opened read-only',
  // Engines do not tell what failed. SQLite writes temporary files for large statements of an app.
  IO_ERROR:
    'the file system failed; check the disk, that nothing else replaced the file, and that a folder for temporary files (SQLITE_TMPDIR, /tmp) can be written',
  CLOSED: 'the handle was closed by the app; open it again and make a new adapter',
  CORRUPT: 'the file is damaged; restore it from a backup',
  DISK_FULL: 'no space is left; free some and try again, nothing of this operation was written',
  CANNOT_OPEN:
    'the file cannot be opened; check that it exists, is a file, and that it and its folder may be read, and written unless readOnly',
  FILE_REPLACED: 'the file was moved or deleted while it was open; make a new adapter',
  NOT_A_DATABASE: 'the file is not an SQLite database; it was left as it is',
  VALUE_TOO_LARGE: 'the value is larger than SQLite allows',
}

// A call that needs its own transaction cannot use that of the app, which may be rolled back.
const IN_TRANSACTION = /cannot start a transaction within a transaction/i
const LEAVE_TRANSACTION =
  'the app has a transaction of its own open on this handle; end it first, use another handle for it, or let the adapter open the file by path'

function property(error: unknown, name: string): unknown {
  return typeof error === 'object' && error !== null ? (error as Record<string, unknown>)[name] : undefined
}

/** Returns the {@link PersistenceErrorCode} of an engine's error, from its codes and never from its class. */
function codeOf(error: unknown): PersistenceErrorCode {
  for (const name of ['errcode', 'errno']) {
    const number = property(error, name)
    if (number === DATABASE_MOVED) return 'FILE_REPLACED'
    if (typeof number === 'number' && number > 0) {
      const code = BY_NUMBER.get(number & 0xff)
      if (code !== undefined) return code
    }
  }
  const code = property(error, 'code')
  if (typeof code === 'string') {
    for (const [name, number] of BY_NAME) {
      if (code === name || code.startsWith(`${name}_`)) return BY_NUMBER.get(number) ?? 'SQL'
    }
  }
  const message = String(property(error, 'message') ?? error)
  return BY_MESSAGE.find(([text]) => text.test(message))?.[1] ?? 'SQL'
}

/** Wraps an engine's error. Returns a {@link PersistenceError} unchanged. */
export function classify(error: unknown, operation: string): PersistenceError {
  if (error instanceof PersistenceError) return error
  const native = reasonOf(error)
  const moved = refusedAsMoved(native, operation)
  if (moved !== undefined) return moved
  const code = codeOf(error)
  const advice = IN_TRANSACTION.test(native) ? LEAVE_TRANSACTION : ADVICE[code]
  return new PersistenceError(
    code,
    operation,
    `${operation}: ${advice === undefined ? native : `${advice} (${native})`}`,
    error,
  )
}
