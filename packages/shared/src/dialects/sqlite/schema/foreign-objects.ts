import { PersistenceError } from '../../../errors/persistence-error.js'
import type { OperationQueue } from '../../../queue/operation-queue.js'
import type { KnownObject } from './known-objects.js'
import { SCHEMA_VERSION } from './migrations.js'

// If the handle has temporary tables, one of them may shadow ours.
const OBJECTS = `SELECT type, lower(name) AS name, lower(tbl_name) AS "table", sql,
  EXISTS (SELECT 1 FROM pragma_database_list WHERE name = 'temp') AS behind
FROM sqlite_master WHERE lower(name) IN (SELECT value FROM json_each(?1))`
const COLUMNS = `SELECT names.value AS "table", columns.name AS name
FROM json_each(?1) AS names CROSS JOIN pragma_table_info(names.value) AS columns`

/**
 * Checks that objects with our names are ours: of the same type, on the same table, with the columns of that version and, for
 * objects that only we create, with our SQL.
 *
 * @param known The possible objects, by lower-case name.
 * @param version The schema version of the file.
 * @param again Whether to read again if a table is gone when its columns are read.
 * @returns the names of the objects in the file.
 * @throws PersistenceError `FOREIGN_TABLE`; `SCHEMA_MISSING` when the version or a column of ours is missing.
 */
export async function checkObjects(
  queue: OperationQueue,
  known: readonly KnownObject[],
  version: number,
  again = true,
): Promise<ReadonlySet<string>> {
  const byName = new Map(known.map((object) => [object.name.toLowerCase(), object]))
  const found = await queue.query('connect', OBJECTS, [JSON.stringify([...byName.keys()])])
  const names = new Set<string>()
  const early: KnownObject[] = []
  const altered: KnownObject[] = []
  // Tables whose SQL does not prove their columns.
  const tables: KnownObject[] = []
  for (const { type, name, table, sql, behind } of found) {
    const object = byName.get(String(name)) as KnownObject
    if (object.type !== type) throw foreign(object, `it is a ${type}`)
    // Objects that only we create move with our table when the app renames it; the table is then reported as missing.
    if (object.since === 0 && object.table.toLowerCase() !== table) throw foreign(object, `it is on ${table}`)
    if (object.since > version) early.push(object)
    if (object.since > 0 && type !== 'table' && !isMadeBy(sql, object.create)) altered.push(object)
    names.add(object.name)
    const isTold = version === SCHEMA_VERSION && behind === 0 && isMadeWhole(sql, object)
    if (type === 'table' && !isTold) tables.push(object)
  }
  const columns = await columnsOf(queue, tables)
  // Another process has dropped it since the first read.
  if (again && tables.some((table) => columns(table).length === 0)) return checkObjects(queue, known, version, false)
  if (early.length > 0) throw beforeTheirVersion(early, columns, version)
  for (const table of tables) checkColumns(table, columns(table), version)
  // Renaming or dropping a table changes the SQL of other objects. The missing table is then the relevant error.
  const complete = known.every(({ type, name }) => type !== 'table' || names.has(name))
  if (version === SCHEMA_VERSION && complete && altered[0] !== undefined)
    throw foreign(altered[0], 'its text is not ours')
  return names
}

/** Returns the existing columns by table. */
async function columnsOf(
  queue: OperationQueue,
  tables: readonly KnownObject[],
): Promise<(table: KnownObject) => string[]> {
  const byTable = new Map(tables.map(({ name }) => [name, [] as string[]]))
  const rows = await queue.query('connect', COLUMNS, [JSON.stringify([...byTable.keys()])])
  for (const { table, name } of rows) byTable.get(String(table))?.push(String(name))
  return ({ name }) => byTable.get(name) ?? []
}

/** The error for an object that a file of that version cannot have yet. */
function beforeTheirVersion(
  early: readonly KnownObject[],
  columns: (table: KnownObject) => string[],
  version: number,
): PersistenceError {
  const tables = early.filter(({ type }) => type === 'table')
  const ours = tables.every((table) => differences(table, columns(table), SCHEMA_VERSION).length === 0)
  if (version === 0 && tables.length > 0 && ours) {
    return fileLacks('go_goscope_meta with its schema_version, although it has the tables of this family')
  }
  return foreign(early[0] as KnownObject, `it is there, and the file has schema version ${version}`)
}

function checkColumns(table: KnownObject, found: readonly string[], version: number): void {
  const different = differences(table, found, version)
  if (different.length === 0) return
  const lacking = wantedColumns(table, version).filter((column) => !found.includes(column))
  if (version === SCHEMA_VERSION && different.length === lacking.length) {
    const remedy = table.since === 0 ? ', or drop the table, so that connect makes it anew' : ''
    throw fileLacks(`${lacking.join(', ')} in the table ${table.name}`, remedy)
  }
  throw foreign(table, different.join(', '))
}

function differences(table: KnownObject, found: readonly string[], version: number): string[] {
  const wanted = wantedColumns(table, version)
  return [
    ...wanted.filter((column) => !found.includes(column)).map((column) => `${column} is missing`),
    ...found.filter((column) => !wanted.includes(column)).map((column) => `${column} is not ours`),
  ]
}

function wantedColumns({ columns }: KnownObject, version: number): string[] {
  return [...columns].filter(([, since]) => since <= version).map(([name]) => name)
}

/** Returns whether the SQL is ours and creates all columns of the table, so that none was added later. */
function isMadeWhole(sql: unknown, { create, columns, since }: KnownObject): boolean {
  return asKept(create) === sql && [...columns.values()].every((added) => added === since)
}

/** @param sql As stored by SQLite: without IF NOT EXISTS, and with quoted names if a table was renamed. */
function isMadeBy(sql: unknown, create: string): boolean {
  const kept = asKept(create)
  // Compare unchanged texts first, because every connect compares all.
  return sql === kept || bare(String(sql)) === bare(kept)
}

function asKept(create: string): string {
  return create.replace('IF NOT EXISTS ', '')
}

function bare(sql: string): string {
  return sql.replaceAll('"', '').replaceAll(/\s+/g, ' ')
}

/** Creates the error for a file without something that a restored backup would have. */
export function fileLacks(what: string, remedy = ''): PersistenceError {
  return new PersistenceError(
    'SCHEMA_MISSING',
    'connect',
    `connect: the file lacks ${what}; restore it from a backup${remedy}`,
  )
}

function foreign({ type, name }: KnownObject, differences: string): PersistenceError {
  const remedy = type === 'table' ? 'rename it' : 'drop it, so that connect makes its own'
  return new PersistenceError(
    'FOREIGN_TABLE',
    'connect',
    `connect: the ${type} ${name} belongs to something else (${differences}); ${remedy}, or use another file`,
  )
}
