import { PersistenceError } from './persistence-error.js'

/** The error of a write through an adapter that was opened with `readOnly: true`. */
export function openedReadOnly(operation: string): PersistenceError {
  return new PersistenceError(
    'READ_ONLY',
    operation,
    `${operation}: the adapter was opened with readOnly: true; open the file without it to write`,
  )
}

/**
 * The error of a first read that failed on a file opened with `readOnly: true`: readers of a file in WAL mode share an
 * index beside it, which the first of them makes, and after a crash the first reader takes the log in.
 */
export function cannotJustRead(error: unknown): unknown {
  if (!(error instanceof PersistenceError) || (error.code !== 'READ_ONLY' && error.code !== 'CANNOT_OPEN')) return error
  const { code, operation, cause } = error
  return new PersistenceError(
    code,
    operation,
    `${operation}: the file cannot be read without writing beside it (its -shm in WAL mode, or recovery after a crash); ` +
      'let its folder be written, keep a process that writes connected to the file, or read a copy of it',
    cause,
  )
}
