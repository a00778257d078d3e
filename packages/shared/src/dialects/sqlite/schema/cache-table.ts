import { invalidOption } from '../../../arguments/invalid.js'
import { PersistenceError } from '../../../errors/persistence-error.js'
import type { OperationQueue } from '../../../queue/operation-queue.js'
import { checkObjects } from './foreign-objects.js'
import { publishedObjects } from './known-objects.js'
import { checkNotMoved } from './moved-file.js'
import { CACHE_TABLE, type PublishedTable } from './published-tables.js'

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,62}$/

/**
 * A name cannot be bound as a parameter, so only plain names are accepted.
 *
 * @returns the name; our spelling if it is the name of our table, because SQLite ignores case.
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

/** Creates a cache table with a name chosen by the app, or checks it if `create` is `false`. */
export async function createCacheTable(name: string, queue: OperationQueue, create: boolean): Promise<void> {
  await checkNotMoved(queue)
  const table: PublishedTable = {
    name,
    create: CACHE_TABLE.create.replace(CACHE_TABLE.name, `"${name}"`),
    // Not idx_<name>_expires: for names such as `cache` or `locks`, one of our indexes has that name.
    indexes: [
      `CREATE INDEX IF NOT EXISTS go_goscope_expires_of_${name} ON "${name}"(expires_at) WHERE expires_at IS NOT NULL`,
    ],
  }
  const found = await checkObjects(queue, publishedObjects(table), 0)
  if (create) {
    await queue.atomic(
      'connect',
      [table.create, ...table.indexes].map((sql) => ({ sql })),
    )
  } else if (!found.has(name)) {
    throw new PersistenceError(
      'SCHEMA_MISSING',
      'connect',
      `connect: the table ${name} is missing; connect once without createTables: false and with write access`,
    )
  }
}
