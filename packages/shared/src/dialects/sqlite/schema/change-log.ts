import type { Row } from '../../../driver/driver.js'
import { quotedName, quotedText } from './quoted.js'

/**
 * The change log that followers of a file read (standby/). It exists only while there is a follower. It records which rows have
 * changed but not their content: a follower reads the rows itself. Triggers write it, so it is complete for every writer in every
 * process, including one that knows only the published tables.
 */

/** A table and the keys that identify its rows. */
export interface LoggedTable {
  readonly name: string
  /** The primary key, a single column. */
  readonly key: KeyColumn
  /** The name by which statements access the rowid; `undefined` if the key is the rowid, or there is none. */
  readonly rowid: string | undefined
  /** The columns of every other unique key. */
  readonly otherKeys: readonly (readonly KeyColumn[])[]
}

/** A column of a key, whose collation may differ from that of the column itself. */
export interface KeyColumn {
  readonly name: string
  readonly collation: string
}

/**
 * Maximum number of changes that are kept for slow followers, about 60 bytes each. A follower that is further behind is dropped
 * and copies again, so that the app's disk does not fill up for one that never returns.
 */
const LONGEST_LOG = 500_000
const BOUND_EVERY = 4_096

/** The names that SQLite has for the rowid, unless a column uses them. */
export const ROWID_NAMES = ['rowid', '_rowid_', 'oid'] as const

/** Name prefix of the triggers that write the log. */
export const LOG_TRIGGER_PREFIX = 'go_goscope_log_'

/** ms after which a follower that has not reported is dropped. */
export const FORGOTTEN_AFTER_MS = 86_400_000

// The token distinguishes two histories with the same number of changes. `id` and `key` have no type, so they keep that of the
// row.
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

// Increment it with every change of the triggers, by which a file that two releases follow would be copied without end. Earlier
// releases find, and remove, a log by its two tables, the columns of go_goscope_followers, and the prefix: these stay.
const VERSION = 1
const VERSION_PREFIX = `${LOG_TRIGGER_PREFIX}v`
const BOUND = `${VERSION_PREFIX}${VERSION}`
const BOUNDING = `CREATE TRIGGER ${BOUND} AFTER INSERT ON go_goscope_changes
WHEN NEW.seq % ${BOUND_EVERY} = 0 BEGIN
  DELETE FROM go_goscope_changes WHERE seq <= NEW.seq - ${LONGEST_LOG};
  DELETE FROM go_goscope_followers WHERE seq <= NEW.seq - ${LONGEST_LOG};
END`

/** Returns every trigger of a log of these tables, by name. */
export function logTriggers(tables: readonly LoggedTable[]): ReadonlyMap<string, string> {
  return new Map([[BOUND, BOUNDING], ...tables.flatMap(triggersOf)])
}

type Trigger = readonly [name: string, sql: string]

/**
 * A row is logged by its rowid, a deleted row by its former rowid. REPLACE removes rows that conflict with the new row in any
 * key, and no delete trigger fires for them. The new row identifies them: it has their rowid, or their key, which is logged when
 * a row gets one. Only for rows with equal values in further keys the log must look before the change.
 *
 * A trigger costs a writer up to a third of its row, even if its condition is false. So an update of a row has one trigger;
 * changes of its rowid or key have a trigger for the columns that the statement names. Rows are looked up in a condition, because
 * the log has a trigger itself: SQLite runs each INSERT ... SELECT into such a table through a temporary table.
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

/** The value by which the log identifies a row, in comparable form. */
export function idOf({ rowid, key }: LoggedTable): string {
  return rowid === undefined ? inKey(key) : quotedName(rowid)
}

/** A column with the collation of its key. */
export function inKey({ name, collation }: KeyColumn): string {
  return `${quotedName(name)} COLLATE ${quotedName(collation)}`
}

/**
 * A condition: a row and the new row are equal in a column of a key. Values that are equal by BINARY are equal by any collation.
 */
function sameIn({ name, collation }: KeyColumn): string {
  const column = quotedName(name)
  return `${column} = NEW.${column}${collation === 'BINARY' ? '' : ` COLLATE ${quotedName(collation)}`}`
}

/** Reads the objects of the log. */
export const READ_LOG: string = `SELECT type, name, sql FROM main.sqlite_master
WHERE name IN ('go_goscope_changes', 'go_goscope_followers') OR (type = 'trigger' AND name GLOB '${LOG_TRIGGER_PREFIX}*')`

/**
 * Returns whether there are objects of {@link READ_LOG} but one of the two tables is missing: it was dropped by hand, and every
 * write fails at the remaining triggers.
 */
export function isBroken(objects: readonly Row[]): boolean {
  return objects.length > 0 && objects.filter(({ type }) => type === 'table').length < LOG_TABLES.length
}

/** Returns whether a later release has made the triggers of the log. */
export function isNewer(objects: readonly Row[]): boolean {
  return objects.some(({ name }) => Number(String(name).replace(VERSION_PREFIX, '')) > VERSION)
}

const KEEP_END = `INSERT INTO go_goscope_meta (key, value) SELECT 'log_end', max(seq) FROM go_goscope_changes WHERE true
ON CONFLICT (key) DO UPDATE SET value = excluded.value`

/**
 * Returns the statements that remove the log, also a broken one, in one transaction. Its last number stays in go_goscope_meta. By
 * it, an older copy of the file is distinguished from one that was not followed for a while.
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
    // After the triggers are dropped, because they also log writes of this table.
    ...(objects.some(({ name }) => name === 'go_goscope_changes') ? [KEEP_END] : []),
    ...drop('table'),
  ]
}
