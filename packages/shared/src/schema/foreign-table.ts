import type { OperationQueue } from '../driver/operation-queue.js'
import { PersistenceError } from '../errors/persistence-error.js'
import { ADDED_COLUMNS } from './migrations.js'
import { PUBLISHED_TABLES, type PublishedTable } from './published-tables.js'

const TABLE_COLUMNS = 'SELECT name FROM pragma_table_info(?1)'
const VIEW = "SELECT 1 AS found FROM sqlite_master WHERE type = 'view' AND name = ?1 COLLATE NOCASE"

/**
 * Checks that what carries our names is ours.
 *
 * @returns the names of the published tables that are not there.
 * @throws PersistenceError `FOREIGN_TABLE` when a table or view of one of our names was made by something else.
 */
export async function checkTables(queue: OperationQueue): Promise<string[]> {
  const missing: string[] = []
  for (const table of PUBLISHED_TABLES) {
    if (!(await checkTable(queue, table))) missing.push(table.name)
  }
  return missing
}

/** The same for one table. @returns whether it is there. */
export async function checkTable(queue: OperationQueue, table: PublishedTable): Promise<boolean> {
  const found = (await queue.query('connect', TABLE_COLUMNS, [table.name])).map(({ name }) => String(name))
  if (found.length === 0) return false
  const known = [...table.columns, ...(ADDED_COLUMNS.get(table.name) ?? [])]
  const missing = table.columns.filter((column) => !found.includes(column))
  const foreign = found.filter((column) => !known.includes(column))
  const isView = (await queue.query('connect', VIEW, [table.name])).length > 0
  const differences = [
    ...missing.map((column) => `${column} is missing`),
    ...foreign.map((column) => `${column} is not ours`),
    ...(isView ? ['it is a view'] : []),
  ]
  if (differences.length === 0) return true
  throw new PersistenceError(
    'FOREIGN_TABLE',
    'connect',
    `connect: the table ${table.name} belongs to something else (${differences.join(', ')}); rename it, or use another file`,
  )
}
