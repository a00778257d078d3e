import type { Row } from '../../../driver/driver.js'
import { PersistenceError } from '../../../errors/persistence-error.js'
import { type KeyColumn, type LoggedTable, ROWID_NAMES } from '../schema/change-log.js'
import { quotedName } from '../schema/quoted.js'
import { oneRow, type Schema, type Sql } from './sql.js'

/** The tables of a standby, grouped by how their changes are found. */
export interface FollowedTables {
  /** Their changes are in the log. */
  readonly logged: readonly LoggedTable[]
  /** Tables with at most one row, which changes with nearly every write: compared in each round, and copied completely. */
  readonly whole: readonly string[]
  /** The stored columns of each table, as they appear in a statement; without generated ones. */
  readonly stored: ReadonlyMap<string, string>
  /** The tables with generated or hidden columns. */
  readonly computed: ReadonlySet<string>
}

// Tables with names of this family, including later releases, and cache tables with names chosen by the app, which their index
// marks.
const tablesIn = (schema: Schema): string => `SELECT tables.name, tables.sql FROM ${schema}.sqlite_master AS tables
WHERE tables.type = 'table'
  AND (lower(tables.name) GLOB 'go_goscope_*' OR EXISTS (
    SELECT 1 FROM ${schema}.sqlite_master AS indexes
    WHERE indexes.type = 'index' AND indexes.tbl_name = tables.name AND indexes.name GLOB 'go_goscope_expires_of_*'
  ))
  AND lower(tables.name) NOT IN ('go_goscope_changes', 'go_goscope_followers', 'go_goscope_standby')
ORDER BY tables.name`

const keysIn = (schema: Schema): string => `SELECT indexes.name AS "index", indexes.origin, columns.name, columns.coll
FROM pragma_index_list(?1, '${schema}') AS indexes CROSS JOIN pragma_index_xinfo(indexes.name, '${schema}') AS columns
WHERE columns.key = 1 AND indexes."unique" = 1`

const columnsIn = (schema: Schema): string => `SELECT columns.name, columns.hidden, columns.pk, tables.wr
FROM pragma_table_list AS tables CROSS JOIN pragma_table_xinfo(?1, '${schema}') AS columns
WHERE tables.schema = '${schema}' AND tables.name = ?1`

const ONE_ROW = /CHECK \(id = 1\)/

/** Reads which tables to follow. @throws PersistenceError `SCHEMA_NEWER` for a table that cannot be followed. */
export async function followedTables(sql: Sql, schema: Schema): Promise<FollowedTables> {
  const tables = await sql.query(tablesIn(schema))
  const whole = tables.filter((table) => ONE_ROW.test(String(table.sql))).map(({ name }) => String(name))
  const logged: LoggedTable[] = []
  const stored = new Map<string, string>()
  const computed = new Set<string>()
  for (const table of tables) {
    const name = String(table.name)
    const columns = await sql.query(columnsIn(schema), [name])
    const kept = columns.filter(({ hidden }) => hidden === 0)
    if (kept.length < columns.length) computed.add(name)
    stored.set(name, kept.map((column) => quotedName(String(column.name))).join(', '))
    if (whole.includes(name)) continue
    logged.push(keysOf(name, columns, await sql.query(keysIn(schema), [name])))
  }
  return { logged, whole, stored, computed }
}

function rowidOf(name: string, logged: readonly LoggedTable[]): string | undefined {
  return logged.find((table) => table.name === name)?.rowid
}

/** Returns a statement that copies rows of a table from the source, to which a WHERE may be appended. Rows keep their rowids. */
export function copyingRows(name: string, { logged, stored }: FollowedTables): string {
  const rowid = rowidOf(name, logged)
  const columns = `${rowid === undefined ? '' : `${quotedName(rowid)}, `}${stored.get(name)}`
  const table = quotedName(name)
  return `INSERT INTO main.${table} (${columns}) SELECT ${columns} FROM source.${table}`
}

/** Copies a table into an empty one. Rows keep their rowids. */
export async function copyTable(sql: Sql, name: string, tables: FollowedTables): Promise<void> {
  if (!tables.computed.has(name)) {
    // Only without a column list, SQLite copies rows and index entries of a whole table as raw records, in a third of the time.
    const table = quotedName(name)
    await sql.query(`INSERT INTO main.${table} SELECT * FROM source.${table}`)
    const rowid = rowidOf(name, tables.logged)
    if (rowid === undefined || !(await rowidsDiffer(sql, name, rowid))) return
    await sql.query(`DELETE FROM main.${table}`)
  }
  await sql.query(copyingRows(name, tables))
}

/**
 * Rows that were copied one by one have rowids from 1 in the order of the source. A difference shows at the first or last row, or
 * there is none.
 */
async function rowidsDiffer(sql: Sql, name: string, rowid: string): Promise<boolean> {
  const end = (which: 'min' | 'max', schema: Schema): string =>
    `(SELECT ${which}(${quotedName(rowid)}) FROM ${schema}.${quotedName(name)})`
  const ends = (schema: Schema): string =>
    `${end('min', schema)} AS ${schema}_first, ${end('max', schema)} AS ${schema}_last`
  const compared = `SELECT main_first IS NOT source_first OR main_last IS NOT source_last AS differ`
  return (await oneRow(sql, `${compared} FROM (SELECT ${ends('main')}, ${ends('source')})`)).differ === 1
}

function rowidIn(name: string, columns: readonly Row[]): string {
  const taken = columns.map((column) => String(column.name).toLowerCase())
  const rowid = ROWID_NAMES.find((one) => !taken.includes(one))
  if (rowid !== undefined) return rowid
  throw new PersistenceError(
    'SCHEMA_NEWER',
    'standby.follow',
    `standby.follow: the table ${name} has columns with all names of the rowid (${ROWID_NAMES.join(', ')}), and cannot be followed; rename one`,
  )
}

function keysOf(name: string, columns: readonly Row[], rows: readonly Row[]): LoggedTable {
  const columnsOf = (wanted: (row: Row) => boolean): KeyColumn[] =>
    rows.filter(wanted).map(({ name, coll }) => ({ name: String(name), collation: String(coll).toUpperCase() }))
  const [primary, ...more] = columns.filter(({ pk }) => Number(pk) > 0)
  const onExpression = rows.some((row) => row.name === null)
  if (primary === undefined || more.length > 0 || onExpression) {
    throw new PersistenceError(
      'SCHEMA_NEWER',
      'standby.follow',
      `standby.follow: the table ${name} has no primary key of one column, or a unique index on an expression, and cannot be followed; drop that index, or update this package`,
    )
  }
  // Only an alias of the rowid has no index. INTEGER PRIMARY KEY DESC has one: it is not an alias.
  const [indexed] = columnsOf(({ origin }) => origin === 'pk')
  const key = indexed ?? { name: String(primary.name), collation: 'BINARY' }
  const others = new Set(rows.filter(({ origin }) => origin !== 'pk').map(({ index }) => index))
  return {
    name,
    key,
    rowid: primary.wr === 1 || indexed === undefined ? undefined : rowidIn(name, columns),
    otherKeys: [...others].map((other) => columnsOf(({ index }) => index === other)),
  }
}
