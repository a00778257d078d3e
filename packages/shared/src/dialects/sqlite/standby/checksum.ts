import { createHash, type Hash } from 'node:crypto'
import { idOf } from '../schema/change-log.js'
import { quotedName } from '../schema/quoted.js'
import type { FollowedTables } from './followed-tables.js'
import { oneRow, type Schema, type Sql } from './sql.js'

const ROWS_A_PAGE = 500
// A value may have 16 MiB, and is read as hex. So the rows of a page are read in parts, which exceed this by one row at most.
const LENGTH_AT_ONCE = 4 * 1024 * 1024
// The hex of a longer value may be longer than a string of JavaScript, so a longer value is read in parts too.
const PART_OF_VALUE = 16 * 1024 * 1024

/** The content of one side. */
export interface Contents {
  /** Hex, over every cell and rowid of every table. Equal when both are equal, no matter how they got there. */
  readonly sha256: string
  readonly rows: number
}

/** Reads everything that a standby follows, on one side. Call it within a transaction, so that it reads one snapshot. */
export async function checksum(sql: Sql, schema: Schema, { logged, whole }: FollowedTables): Promise<Contents> {
  const hash = createHash('sha256')
  const tables = [
    ...logged.map((table) => ({ name: table.name, rowid: table.rowid, id: idOf(table) })),
    ...whole.map((name) => ({ name, rowid: undefined, id: '"id"' })),
  ]
  let rows = 0
  for (const table of tables) rows += await addTable(hash, sql, schema, table)
  const sequences = `SELECT name || ' ' || seq AS cells FROM ${schema}.sqlite_sequence
WHERE name IN (SELECT value FROM json_each(?1)) ORDER BY 1`
  add(hash, 'sqlite_sequence', await sql.query(sequences, [JSON.stringify(tables.map(({ name }) => name))]))
  return { sha256: hash.digest('hex'), rows }
}

interface Table {
  readonly name: string
  readonly rowid: string | undefined
  /** The columns that identify its rows; never NULL. */
  readonly id: string
}

/** @returns the number of rows. */
async function addTable(hash: Hash, sql: Sql, schema: Schema, { name, rowid, id }: Table): Promise<number> {
  const columns = await sql.query(`SELECT name FROM pragma_table_info(?1, '${schema}')`, [name])
  // A row with another rowid counts as different, because later changes would miss it.
  const names = [...(rowid === undefined ? [] : [rowid]), ...columns.map((column) => String(column.name))]
  const length = names.map((cell) => `ifnull(length(CAST(${quotedName(cell)} AS BLOB)), 0)`).join(' + ')
  const table = `${schema}.${quotedName(name)}`
  let rows = 0
  // The start of a page stays in SQL, because not every key survives the way through JavaScript unchanged.
  await sql.query('CREATE TEMP TABLE IF NOT EXISTS go_goscope_page (start)')
  await sql.query('DELETE FROM temp.go_goscope_page')
  await sql.query(`INSERT INTO temp.go_goscope_page SELECT min(${id}) FROM ${table}`)
  const page = `FROM ${table} WHERE ${id} >= (SELECT start FROM temp.go_goscope_page) ORDER BY ${id} LIMIT`
  while ((await oneRow(sql, 'SELECT start IS NULL AS over FROM temp.go_goscope_page')).over === 0) {
    const lengths = await sql.query(`SELECT ${length} AS length ${page} ${ROWS_A_PAGE}`)
    let [from, to, left, longest] = [0, 0, LENGTH_AT_ONCE, 0]
    const read = async (): Promise<void> => {
      for (let start = 0; start === 0 || start < longest; start += PART_OF_VALUE) {
        const cells = cellsOf(names, start)
        add(hash, `${name} ${start}`, await sql.query(`SELECT ${cells} AS cells ${page} ${to - from} OFFSET ${from}`))
      }
      from = to
      left = LENGTH_AT_ONCE
      longest = 0
    }
    for (const row of lengths) {
      to++
      left -= Number(row.length)
      longest = Math.max(longest, Number(row.length))
      if (left < 0) await read()
    }
    await read()
    rows += to
    await sql.query(`UPDATE temp.go_goscope_page SET start = (SELECT ${id} ${page} 1 OFFSET ${ROWS_A_PAGE})`)
  }
  return rows
}

/**
 * One text for a row, with the part of its values from byte `start` on. No two rows with different cells share it, even with text
 * that is not UTF-8 or contains NUL.
 */
function cellsOf(columns: readonly string[], start: number): string {
  return columns
    .map(quotedName)
    .map((cell) => {
      const part = `hex(substr(CAST(${cell} AS BLOB), ${start + 1}, ${PART_OF_VALUE}))`
      return `CASE typeof(${cell}) WHEN 'text' THEN 't' || ${part} WHEN 'blob' THEN 'b' || ${part} ELSE quote(${cell}) END`
    })
    .join(" || ',' || ")
}

function add(hash: Hash, table: string, rows: readonly { readonly cells?: unknown }[]): void {
  for (const { cells } of rows) hash.update(`${table} ${cells}\n`)
}
