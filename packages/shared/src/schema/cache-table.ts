import { invalidOption } from '../adapter/adapter-options.js'
import type { OperationQueue } from '../driver/operation-queue.js'
import { PersistenceError } from '../errors/persistence-error.js'
import { checkTable } from './foreign-table.js'
import { CACHE_TABLE, type PublishedTable } from './published-tables.js'

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,62}$/

/**
 * A name cannot be bound as a parameter, so only plain ones are taken.
 *
 * @returns the name, in our own spelling where it is that of our table: SQLite takes no notice of case.
 * @throws PersistenceError `INVALID_OPTION`.
 */
export function checkTableName(name: string): string {
  if (typeof name === 'string' && NAME.test(name) && !/^(sqlite_|go_goscope_(?!cache))/i.test(name)) {
    return name.toLowerCase() === CACHE_TABLE.name ? CACHE_TABLE.name : name
  }
  throw invalidOption(
    'tableName',
    name,
    'letters, digits and underscores, at most 63, not starting with a digit, sqlite_ or the name of another of our tables',
  )
}

/** Creates a cache table of the app's own name, or checks it where `create` is `false`. */
export async function createCacheTable(queue: OperationQueue, name: string, create: boolean): Promise<void> {
  const table: PublishedTable = { ...CACHE_TABLE, name }
  await checkTable(queue, table)
  if (create) {
    await queue.atomic('connect', [
      { sql: CACHE_TABLE.create.replace(CACHE_TABLE.name, `"${name}"`), parameters: [] },
      // Not idx_<name>_expires: for names such as `cache` or `locks` that is the name of an index of ours.
      { sql: `CREATE INDEX IF NOT EXISTS "go_goscope_expires_of_${name}" ON "${name}"(expires_at)`, parameters: [] },
    ])
    return
  }
  const found = await queue.query('connect', 'SELECT name FROM pragma_table_info(?1)', [name])
  if (found.length > 0) return
  throw new PersistenceError(
    'SCHEMA_MISSING',
    'connect',
    `connect: the table ${name} is missing; connect once without createTables: false and with write access`,
  )
}
