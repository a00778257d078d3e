import type { Row } from '../../../driver/driver.js'
import { quotedName, quotedText } from './quoted.js'

/**
 * The append log that followers of a file read (standby/). It exists only while somebody follows, and tells which rows
 * have changed, not what is in them: a follower reads them itself. Triggers write it, so that it is complete for every
 * writer in every process, also for one that knows only the published tables.
 */

/** A table with the keys by which its rows are found. */
export interface LoggedTable {
  readonly name: string
  /** The primary key, a single column. */
  readonly key: KeyColumn
  /** The name by which statements find the rowid; `undefined` where the key is the rowid, or there is none. */
  readonly rowid: string | undefined
  /** Every other key that no two rows share, each with its columns. */
  readonly otherKeys: readonly (readonly KeyColumn[])[]
}

/** A column of a key, which need not compare as the column itself does. */
export interface KeyColumn {
  readonly name: string
  readonly collation: string
}

/**
 * The most changes that are kept for followers that are behind, about 60 bytes each. A follower that is further behind is
 * forgotten and copies anew: the app's disk must not fill up for one that never comes back.
 */
const LONGEST_LOG = 500_000
const BOUND_EVERY = 4_096

/** The names that SQLite has for the rowid, where no column has them. */
export const ROWID_NAMES = ['rowid', '_rowid_', 'oid'] as const

/** Names of the triggers that log start with it. */
export const LOG_TRIGGER_PREFIX = 'go_goscope_log_'

/** A follower that was not seen for so long, in ms, is forgotten. */
export const FORGOTTEN_AFTER_MS = 86_400_000

// The token tells two histories apart that have the same number of changes. `id` and `key` have no type: they are what the
// row has.
export const LOG_TABLES: readonly string[] = [
  `CREATE TABLE go_goscope_changes (
  seq INTEGER PRIMARY KEY,
  tbl TEXT NOT NULL,
  id,
  key,
  token INTEGER NOT NULL DEFAULT (random() & ${Number.MAX_SAFE_INTEGER})
)`,
  `CREATE TABLE go_goscope_followers (
  id TEXT PRIMARY KEY NOT NULL,
  seq INTEGER NOT NULL,
  seen_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID`,
]

const BOUND = `${LOG_TRIGGER_PREFIX}bounded`
const BOUNDING = `CREATE TRIGGER ${BOUND} AFTER INSERT ON go_goscope_changes
WHEN NEW.seq % ${BOUND_EVERY} = 0 BEGIN
  DELETE FROM go_goscope_changes WHERE seq <= NEW.seq - ${LONGEST_LOG};
  DELETE FROM go_goscope_followers WHERE seq <= NEW.seq - ${LONGEST_LOG};
END`

/** Every trigger of a log of these tables, by name. */
export function logTriggers(tables: readonly LoggedTable[]): ReadonlyMap<string, string> {
  return new Map([[BOUND, BOUNDING], ...tables.flatMap(triggersOf)])
}

type Trigger = readonly [name: string, sql: string]

/**
 * A row is logged by its rowid, one that is gone by the rowid it had. REPLACE takes rows out of the way of another one, by
 * any key of theirs, and no trigger for a deletion fires for them. The new row tells of them: it has their rowid, or their key,
 * which is logged where a row gets one. Only for what is the same by further keys the log has to look before.
 *
 * A trigger costs a writer as much as a third of its row, also one whose condition does not hold. So a row that only changes has
 * one, and what gives it another rowid or key has a trigger for the columns that a statement names. Rows are looked for in a
 * condition, because SQLite puts what an INSERT reads into a table of its own where the log has a trigger.
 */
function triggersOf(logged: LoggedTable): Trigger[] {
  const { key, otherKeys } = logged
  const id = quotedName(logged.rowid ?? key.name)
  const table = quotedName(logged.name)
  const name = quotedText(logged.name)
  const trigger = (of: string, event: string, columns: string, sources: readonly string[]): Trigger => {
    const body = sources.map((rows) => `  INSERT INTO go_goscope_changes (tbl, ${columns}) ${rows};\n`).join('')
    const own = `${LOG_TRIGGER_PREFIX}${of}_${logged.name}`
    return [own, `CREATE TRIGGER ${quotedName(own)} ${event} BEGIN\n${body}END`]
  }
  const known = (of: string, event: string, row: string): Trigger =>
    trigger(of, event, 'id', [`VALUES (${name}, ${row})`])
  const keyed = (of: string, event: string, row: string): Trigger =>
    logged.rowid === undefined
      ? known(of, event, row)
      : trigger(of, event, 'id, key', [`VALUES (${name}, ${row}, NEW.${quotedName(key.name)})`])
  const sameKeys = otherKeys.map((columns) => columns.map(sameIn).join(' AND '))
  const displaced = (event: string, but: string): Trigger => {
    const rows = sameKeys.map((same) => `SELECT ${name}, ${id} FROM ${table} WHERE ${same}${but}`)
    const found = rows.map((row) => `EXISTS (${row})`).join(' OR ')
    return trigger(`displaced_by_${event.toLowerCase()}`, `BEFORE ${event} ON ${table} WHEN ${found}`, 'id', rows)
  }
  return [
    ...(otherKeys.length > 0
      ? [displaced('INSERT', ''), displaced('UPDATE', ` AND ${idOf(logged)} IS NOT OLD.${id}`)]
      : []),
    keyed('inserted', `AFTER INSERT ON ${table}`, `NEW.${id}`),
    known('updated', `AFTER UPDATE ON ${table}`, `NEW.${id}`),
    keyed('rekeyed', `AFTER UPDATE OF ${[quotedName(key.name), ...ROWID_NAMES].join(', ')} ON ${table}`, `OLD.${id}`),
    known('deleted', `AFTER DELETE ON ${table}`, `OLD.${id}`),
  ]
}

/** What the log knows a row by, as it is compared. */
export function idOf({ rowid, key }: LoggedTable): string {
  return rowid === undefined ? inKey(key) : quotedName(rowid)
}

/** A column as its key compares it. */
export function inKey({ name, collation }: KeyColumn): string {
  return `${quotedName(name)} COLLATE ${quotedName(collation)}`
}

/** Whether a row and the new one are the same in a column of a key. What is the same by BINARY is so by every column's own. */
function sameIn({ name, collation }: KeyColumn): string {
  const column = quotedName(name)
  return `${column} = NEW.${column}${collation === 'BINARY' ? '' : ` COLLATE ${quotedName(collation)}`}`
}

/** Reads the objects of the log. */
export const READ_LOG: string = `SELECT type, name, sql FROM main.sqlite_master
WHERE name IN ('go_goscope_changes', 'go_goscope_followers') OR (type = 'trigger' AND name GLOB '${LOG_TRIGGER_PREFIX}*')`

/** Whether objects of {@link READ_LOG} are there, and one of the two tables not: who dropped it has left triggers at which every write fails. */
export function isBroken(objects: readonly Row[]): boolean {
  return objects.length > 0 && objects.filter(({ type }) => type === 'table').length < LOG_TABLES.length
}

const KEEP_END = `INSERT INTO go_goscope_meta (key, value) SELECT 'log_end', max(seq) FROM go_goscope_changes WHERE true
ON CONFLICT (key) DO UPDATE SET value = excluded.value`

/**
 * What removes the log, also a broken one, in one transaction. How far it had counted stays in go_goscope_meta, by which an older
 * copy of the file is told from one that was merely not followed for a while.
 *
 * @param objects The rows of {@link READ_LOG}.
 */
export function removingLog(objects: readonly Row[]): string[] {
  const drop = (type: string): string[] =>
    objects
      .filter((object) => object.type === type)
      .map(({ name }) => `DROP ${type} IF EXISTS ${quotedName(String(name))}`)
  return [
    ...drop('trigger'),
    // Past the triggers, which log writes of this table as well.
    ...(objects.some(({ name }) => name === 'go_goscope_changes') ? [KEEP_END] : []),
    ...drop('table'),
  ]
}
