import { messageOf } from '../../errors/is-error.js'
import { PersistenceError, type PersistenceErrorCode, problemOf } from '../../errors/persistence-error.js'
import { refusedAsMoved } from './schema/moved-file.js'

// The primary result codes of SQLite that have a code of ours (https://www.sqlite.org/rescode.html).
const RESULT_CODES: readonly (readonly [number: number, name: string, code: PersistenceErrorCode])[] = [
  [5, 'SQLITE_BUSY', 'BUSY'],
  [6, 'SQLITE_LOCKED', 'BUSY'],
  [8, 'SQLITE_READONLY', 'READ_ONLY'],
  [10, 'SQLITE_IOERR', 'IO_ERROR'],
  [11, 'SQLITE_CORRUPT', 'CORRUPT'],
  [13, 'SQLITE_FULL', 'DISK_FULL'],
  [14, 'SQLITE_CANTOPEN', 'CANNOT_OPEN'],
  // Several processes started on a new WAL at the same time; a retry succeeds.
  [15, 'SQLITE_PROTOCOL', 'BUSY'],
  [18, 'SQLITE_TOOBIG', 'VALUE_TOO_LARGE'],
  [19, 'SQLITE_CONSTRAINT', 'CONSTRAINT'],
  [26, 'SQLITE_NOTADB', 'NOT_A_DATABASE'],
]

// SQLITE_READONLY_DBMOVED: the file was moved or deleted under an open connection.
const DATABASE_MOVED = 1032

// One engine reports some failures only by message, so the texts of sqlite3_errstr are the last resort.
const BY_MESSAGE: readonly (readonly [RegExp, PersistenceErrorCode])[] = [
  [/database (table )?is locked|locking protocol/i, 'BUSY'],
  [/file is not a database/i, 'NOT_A_DATABASE'],
  [/database disk image is malformed|malformed database schema/i, 'CORRUPT'],
  [/attempt to write a readonly database/i, 'READ_ONLY'],
  [/database or disk is full/i, 'DISK_FULL'],
  [/unable to open database/i, 'CANNOT_OPEN'],
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
    'the file cannot be opened; check that it exists, is a file, that it and its folder may be read, and written unless readOnly, and that its path is well below 500 bytes',
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
  for (const member of ['errcode', 'errno']) {
    const number = property(error, member)
    if (number === DATABASE_MOVED) return 'FILE_REPLACED'
    if (typeof number !== 'number' || number <= 0) continue
    const found = RESULT_CODES.find(([primary]) => primary === (number & 0xff))
    if (found !== undefined) return found[2]
  }
  const given = property(error, 'code')
  if (typeof given === 'string') {
    const found = RESULT_CODES.find(([, name]) => given === name || given.startsWith(`${name}_`))
    if (found !== undefined) return found[2]
  }
  const message = String(property(error, 'message') ?? error)
  return BY_MESSAGE.find(([text]) => text.test(message))?.[1] ?? 'SQL'
}

/** Wraps an engine's error. Returns a {@link PersistenceError} unchanged. */
export function classify(error: unknown, operation: string): PersistenceError {
  if (error instanceof PersistenceError) return error
  const native = messageOf(error)
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

/** Wraps an error of opening a file. The message has the path, because an app with many files needs to know which one failed. */
export function openError(error: unknown, path: string): PersistenceError {
  const failure = classify(error, 'open')
  return new PersistenceError(failure.code, 'open', `open ${path}: ${problemOf(failure)}`, failure.cause)
}
