import type { Row, SqlValue } from '../../../driver/driver.js'
import { PersistenceError } from '../../../errors/persistence-error.js'
import type { OperationQueue } from '../../../queue/operation-queue.js'

/** A handle to query, and the name of its engine for errors. */
export interface EngineHandle {
  readonly queue: OperationQueue
  readonly engine: string
}

/** Returns the value of a pragma. @param operation The operation that reads it, for errors. */
export async function pragma({ queue }: EngineHandle, operation: string, name: string): Promise<SqlValue | undefined> {
  const [row] = await queue.query(operation, `PRAGMA ${name}`)
  return row === undefined ? undefined : Object.values(row as Row)[0]
}

/**
 * Sets a pragma and reads it back, so that an engine which ignores it is refused.
 *
 * @param accepts Returns whether the value that was read back is acceptable. Default: only the value that was set.
 * @throws PersistenceError `ENGINE_UNSUPPORTED`.
 */
export async function setPragma(
  handle: EngineHandle,
  operation: string,
  name: string,
  value: string | number,
  accepts: (actual: SqlValue | undefined) => boolean = (actual) => actual === value,
): Promise<void> {
  await handle.queue.query(operation, `PRAGMA ${name} = ${value}`)
  const actual = await pragma(handle, operation, name)
  if (accepts(actual)) return
  throw new PersistenceError(
    'ENGINE_UNSUPPORTED',
    operation,
    `${operation}: ${handle.engine} set ${name} to ${actual} where ${value} was asked for`,
  )
}

/**
 * Refuses other journal modes than WAL, in which a reader stops every writer.
 *
 * @param query Runs a statement on a connection to the file.
 * @param file Names the file in the message. @param instead What else the caller can do, for the message.
 * @throws PersistenceError `WAL_NEEDED`.
 */
export async function refuseOtherModes(
  query: (sql: string) => Promise<Row[]>,
  operation: string,
  file: string,
  instead = '',
): Promise<void> {
  const [row] = await query('PRAGMA main.journal_mode')
  const mode = row?.journal_mode
  if (mode === 'wal') return
  throw new PersistenceError(
    'WAL_NEEDED',
    operation,
    `${operation}: ${file} is in journal mode ${mode}, in which a reader stops every writer; set journal_mode to wal, as open() does${instead}`,
  )
}
