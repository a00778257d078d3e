import type { OperationQueue } from '../driver/operation-queue.js'
import { PersistenceError } from '../errors/persistence-error.js'
import { ADDED_COLUMNS } from './migrations.js'
import { PUBLISHED_TABLES, type PublishedTable } from './published-tables.js'

const TABLE_COLUMNS = 'SELECT name FROM pragma_table_info(?1)'

/** @throws PersistenceError `FOREIGN_TABLE` when a table or view of one of our names was made by something else. */
export async function checkColumns(queue: OperationQueue): Promise<void> {
  for (const table of PUBLISHED_TABLES) await checkTable(queue, table)
}

/** The same for one table; absent is fine. */
export async function checkTable(queue: OperationQueue, table: PublishedTable): Promise<void> {
  const found = (await queue.query('connect', TABLE_COLUMNS, [table.name])).map(({ name }) => String(name))
  if (found.length === 0) return
  const known = [...table.columns, ...(ADDED_COLUMNS.get(table.name) ?? [])]
  const missing = table.columns.filter((column) => !found.includes(column))
  const foreign = found.filter((column) => !known.includes(column))
  if (missing.length === 0 && foreign.length === 0) return
  const differences = [
    ...missing.map((column) => `${column} is missing`),
    ...foreign.map((column) => `${column} is not ours`),
  ].join(', ')
  throw new PersistenceError(
    'FOREIGN_TABLE',
    'connect',
    `connect: the table ${table.name} belongs to something else (${differences}); rename it, or use another file`,
  )
}
