import type { OperationQueue } from '../driver/operation-queue.js'
import { PersistenceError } from '../errors/persistence-error.js'
import type { KnownObject } from './known-objects.js'

const OBJECTS = `SELECT type, lower(name) AS name, lower(tbl_name) AS "table" FROM sqlite_master
WHERE lower(name) IN (SELECT value FROM json_each(?1))`
const COLUMNS = `SELECT names.value AS "table", columns.name AS name
FROM json_each(?1) AS names CROSS JOIN pragma_table_info(names.value) AS columns`

/**
 * Checks that what carries our names is ours: of the same type, on the same table, with the columns of that version.
 *
 * @param known What may be there, by names in lower case.
 * @param version The schema version of the file.
 * @returns the names of what is there.
 * @throws PersistenceError `FOREIGN_TABLE`.
 */
export async function checkObjects(
  queue: OperationQueue,
  known: readonly KnownObject[],
  version: number,
): Promise<ReadonlySet<string>> {
  const byName = new Map(known.map((object) => [object.name.toLowerCase(), object]))
  const found = await queue.query('connect', OBJECTS, [JSON.stringify([...byName.keys()])])
  const names = new Set<string>()
  for (const { type, name, table } of found) {
    const object = byName.get(String(name)) as KnownObject
    if (object.since > version) throw foreign(object, `it is there, and the file has schema version ${version}`)
    if (object.type !== type) throw foreign(object, `it is a ${type}`)
    // What only we make moves when somebody renames our table; that is found to be missing.
    if (object.since === 0 && object.table.toLowerCase() !== table) throw foreign(object, `it is on ${table}`)
    names.add(object.name)
  }
  await checkColumns(
    queue,
    [...byName.values()].filter(({ type, name }) => type === 'table' && names.has(name)),
    version,
  )
  return names
}

async function checkColumns(queue: OperationQueue, tables: readonly KnownObject[], version: number): Promise<void> {
  const rows = await queue.query('connect', COLUMNS, [JSON.stringify(tables.map(({ name }) => name))])
  for (const table of tables) {
    const found = rows.filter((row) => row.table === table.name).map(({ name }) => String(name))
    const wanted = [...table.columns].filter(([, since]) => since <= version).map(([name]) => name)
    const differences = [
      ...wanted.filter((column) => !found.includes(column)).map((column) => `${column} is missing`),
      ...found.filter((column) => !wanted.includes(column)).map((column) => `${column} is not ours`),
    ]
    if (differences.length > 0) throw foreign(table, differences.join(', '))
  }
}

function foreign({ type, name }: KnownObject, differences: string): PersistenceError {
  return new PersistenceError(
    'FOREIGN_TABLE',
    'connect',
    `connect: the ${type} ${name} belongs to something else (${differences}); rename it, or use another file`,
  )
}
