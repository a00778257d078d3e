import { invalidArgument, shown } from '../../../arguments/invalid.js'
import type { Row } from '../../../driver/driver.js'
import type { PersistenceError } from '../../../errors/persistence-error.js'
import type { Step } from '../../../queue/statement.js'
import type { Session } from '../../../session/session.js'
import { quotedName } from '../schema/quoted.js'

/** A table of the app whose rows a changeset can identify. */
export interface RecordedTable {
  /** Spelled as in the schema. */
  readonly name: string
  /** For each column, whether it is part of the key. */
  readonly key: readonly boolean[]
  /** The columns of the key that may be NULL: sessions skip rows with NULL in the key. */
  readonly nullable: readonly string[]
  /** The {@link folded} names of the tables that its foreign keys reference. */
  readonly refersTo: ReadonlySet<string>
}

// Generated columns are neither in a changeset nor in table_info. The index marks a cache table with a name chosen by the app.
const COLUMNS = `SELECT l.name AS "table", l.type, c.name, c.pk, c."notnull" AS required,
  EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'index' AND name = 'go_goscope_expires_of_' || l.name) AS ours
FROM pragma_table_list AS l LEFT JOIN pragma_table_info(l.name, l.schema) AS c
WHERE l.schema = 'main' AND l.name = ?1 COLLATE NOCASE
ORDER BY c.cid`

const REFERRED = `SELECT "table" FROM pragma_foreign_key_list(?1, 'main')`

/**
 * Reads the structure of a table. @throws PersistenceError `INVALID_ARGUMENT` for anything that is not a table of the app, or has
 * no key.
 */
export async function readTable(session: Session, table: string, operation: string): Promise<RecordedTable> {
  const refuse = (problem: string): PersistenceError =>
    invalidArgument(operation, `option tables must be tables of yours with a key, but ${shown(table)} ${problem}`)
  if (typeof table !== 'string' || table === '') throw refuse('is no name')
  if (/^(go_goscope_|sqlite_)/i.test(table)) throw refuse('is not yours: a changeset could lose rows of it')
  const columns = await session.queue.query(operation, COLUMNS, [table])
  const [first] = columns
  if (first === undefined) throw refuse('is not in this file; make it first')
  if (first.ours === 1) throw refuse('is a cache table: a changeset could lose rows of it')
  if (first.type !== 'table') throw refuse(`is a ${first.type}`)
  const key = keyOf(columns)
  if (!key.includes(true)) throw refuse('has no PRIMARY KEY, by which a changeset names rows; give it one')
  const nullable = columns.filter(({ pk, required }) => pk !== 0 && required === 0).map(({ name }) => String(name))
  const name = String(first.table)
  const referred = await session.queue.query(operation, REFERRED, [name])
  return { name, key, nullable, refersTo: new Set(referred.map((row) => folded(String(row.table)))) }
}

/** Returns steps that fail when the table was altered, or has rows that sessions skip. */
export function checkedAsBefore({ name, key, nullable }: RecordedTable, operation: string): Step[] {
  const refuse = (problem: string): PersistenceError => invalidArgument(operation, `the table ${name} ${problem}`)
  const unchanged: Step = {
    sql: COLUMNS,
    parameters: [name],
    after(rows) {
      if (fits(key, keyOf(rows))) return
      throw refuse('was dropped, or has other columns or another key than when changesets() read it; call that again')
    },
  }
  const conditions = nullable.map((column) => `${quotedName(column)} IS NULL`)
  if (conditions.length === 0) return [unchanged]
  const unnamed: Step = {
    sql: `SELECT 1 FROM main.${quotedName(name)} WHERE ${conditions.join(' OR ')} LIMIT 1`,
    expect: 0,
    unmet: () => refuse('has a row whose key is NULL, which no changeset can name; give the row a key'),
  }
  return [unchanged, unnamed]
}

/** Returns a step that fails when the table cannot accept changes of `key`: the engine would silently skip them. */
export function takesChangesOf(table: string, key: readonly boolean[], operation: string): Step {
  return {
    sql: COLUMNS,
    parameters: [table],
    after(rows) {
      const own = keyOf(rows)
      if (fits(key, own)) return
      throw invalidArgument(
        operation,
        `the table ${table} must have the columns and the key of the changeset (${shape(key)}), but has ${shape(own)}`,
      )
    },
  }
}

function keyOf(columns: readonly Row[]): boolean[] {
  return columns.map(({ pk }) => pk !== 0)
}

/** Returns whether rows of `key` fit into a table of `own`, which may have additional columns at the end. */
function fits(key: readonly boolean[], own: readonly boolean[]): boolean {
  return key.length <= own.length && own.every((inKey, at) => inKey === (key[at] ?? false))
}

function shape(key: readonly boolean[]): string {
  const places = key.flatMap((inKey, at) => (inKey ? [at + 1] : []))
  return `${key.length} columns, the key in ${places.length === 0 ? 'none' : places.join(', ')}`
}

/** SQLite ignores the case of ASCII letters in names. */
export function folded(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}
