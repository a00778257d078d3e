import type { Row } from '../../../driver/driver.js'
import { hasCode } from '../../../errors/persistence-error.js'

// The entries of an index lead to pages all over the file. With a page cache of 2 MiB, SQLite's default, these pages were read
// again and again, which took a third of the time of a check.
const CACHE_KIB = 16_384

const TABLES = "SELECT name FROM main.sqlite_master WHERE type = 'table'"

/**
 * Checks every page, row and index entry of the database `main`. The connection keeps the larger page cache. If the schema needs a
 * function or a collation that only the app's own connections have, index entries, CHECKs and tables with such a collation are left
 * out.
 *
 * @param query Runs a statement on a connection.
 * @returns `ok`, or the first problem.
 */
export async function checkIntegrity(query: (sql: string) => Promise<Row[]>): Promise<string> {
  await query(`PRAGMA main.cache_size = -${CACHE_KIB}`)
  const whole = await verdictIfKnown(query, 'integrity_check(1)')
  if (whole !== undefined) return whole
  await query('PRAGMA ignore_check_constraints = 1')
  for (const { name } of await query(TABLES)) {
    const verdict = await verdictIfKnown(query, `quick_check('${String(name).replaceAll("'", "''")}')`)
    if (verdict && verdict !== 'ok') return verdict
  }
  await query('PRAGMA ignore_check_constraints = 0')
  return 'ok'
}

/** Returns `undefined` if the connection lacks something that the schema names. */
async function verdictIfKnown(query: (sql: string) => Promise<Row[]>, check: string): Promise<string | undefined> {
  try {
    return verdictOf(await query(`PRAGMA main.${check}`))
  } catch (error) {
    if (hasCode(error, 'SQL')) return undefined
    throw error
  }
}

/**
 * Checks every page and row, but not whether rows and index entries match, which takes two thirds of the time of
 * {@link checkIntegrity}.
 *
 * @param query Runs a statement on a connection.
 * @returns `ok`, or the first problem.
 */
export async function checkPages(query: (sql: string) => Promise<Row[]>): Promise<string> {
  return verdictOf(await query('PRAGMA main.quick_check(1)'))
}

function verdictOf([row]: readonly Row[]): string {
  return String(Object.values(row ?? {})[0])
}
