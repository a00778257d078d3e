import type { Row } from '../../../driver/driver.js'

// The entries of an index lead to pages all over the file. With a page cache of 2 MiB, SQLite's default, these pages were read
// again and again, which took a third of the time of a check.
const CACHE_KIB = 16_384

/**
 * Checks every page, row and index entry of the database `main`. The connection keeps the larger page cache.
 *
 * @param query Runs a statement on a connection.
 * @returns `ok`, or the first problem.
 */
export async function checkIntegrity(query: (sql: string) => Promise<Row[]>): Promise<string> {
  await query(`PRAGMA main.cache_size = -${CACHE_KIB}`)
  return verdictOf(await query('PRAGMA main.integrity_check(1)'))
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
