import type { Row } from '../../../driver/driver.js'
import { hasCode, PersistenceError } from '../../../errors/persistence-error.js'

// The entries of an index lead to pages all over the file. With a page cache of 2 MiB, SQLite's default, these pages were read
// again and again, which took a third of the time of a check.
const CACHE_KIB = 16_384

const TABLES = "SELECT name FROM main.sqlite_master WHERE type = 'table'"

// How a check reports a page that it could not read, with the result code of SQLite. The low byte is that of any I/O error.
const UNREAD = /unable to get the page\. error code=(\d+)/
const IO_ERROR = 10

/** Runs a statement on a connection. */
type Query = (sql: string) => Promise<Row[]>

/**
 * Checks every page, row and index entry of the database `main`. The connection keeps the larger page cache. If the schema needs a
 * function or a collation that only the app's own connections have, index entries, CHECKs and tables with such a collation are left
 * out.
 *
 * @returns `ok`, or the first problem.
 * @throws PersistenceError `IO_ERROR` if a page could not be read, which does not mean that it is damaged.
 */
export async function checkIntegrity(query: Query, operation: string): Promise<string> {
  await query(`PRAGMA main.cache_size = -${CACHE_KIB}`)
  const whole = await verdictIfKnown(query, 'integrity_check(1)', operation)
  if (whole !== undefined) return whole
  await query('PRAGMA ignore_check_constraints = 1')
  for (const { name } of await query(TABLES)) {
    const verdict = await verdictIfKnown(query, `quick_check('${String(name).replaceAll("'", "''")}')`, operation)
    if (verdict && verdict !== 'ok') return verdict
  }
  await query('PRAGMA ignore_check_constraints = 0')
  return 'ok'
}

/** Returns `undefined` if the connection lacks something that the schema names. */
async function verdictIfKnown(query: Query, check: string, operation: string): Promise<string | undefined> {
  try {
    return verdictOf(await query(`PRAGMA main.${check}`), operation)
  } catch (error) {
    if (hasCode(error, 'SQL')) return undefined
    throw error
  }
}

/**
 * Checks every page and row, but not whether rows and index entries match, which takes two thirds of the time of
 * {@link checkIntegrity}.
 *
 * @returns `ok`, or the first problem.
 * @throws PersistenceError `IO_ERROR`, as {@link checkIntegrity}.
 */
export async function checkPages(query: Query, operation: string): Promise<string> {
  return verdictOf(await query('PRAGMA main.quick_check(1)'), operation)
}

function verdictOf([row]: readonly Row[], operation: string): string {
  const verdict = String(Object.values(row ?? {})[0])
  const code = Number(UNREAD.exec(verdict)?.[1])
  if ((code & 0xff) !== IO_ERROR) return verdict
  const advice = 'the disk failed while the pages were checked; check it, and try again'
  throw new PersistenceError('IO_ERROR', operation, `${operation}: ${advice} (${verdict})`)
}
