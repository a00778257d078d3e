import type { Row } from '../../../driver/driver.js'

/**
 * The append log that followers of a file read (standby/). It exists only while somebody follows, and tells which rows
 * have changed, not what is in them: a follower reads them itself. Triggers write it, so that it is complete for every
 * writer in every process, also for one that knows only the published tables.
 */

/** A table with the keys by which its rows are found. */
export interface LoggedTable {
  readonly name: string
  /** The primary key, a single column. */
  readonly key: string
  /** Whether the rows have a number that is no column of theirs; a writer may give one all the same. */
  readonly numbered: boolean
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

/** Names of the triggers that log start with it. */
export const LOG_TRIGGER_PREFIX = 'go_goscope_log_'

/** A follower that was not seen for so long, in ms, is forgotten. */
export const FORGOTTEN_AFTER_MS = 86_400_000

// The token tells two histories apart that have the same number of changes. `key` has no type: it is what the row has.
export const LOG_TABLES: readonly string[] = [
  `CREATE TABLE go_goscope_changes (
  seq INTEGER PRIMARY KEY,
  tbl TEXT NOT NULL,
  key,
  token INTEGER NOT NULL DEFAULT (random() & ${Number.MAX_SAFE_INTEGER})
)`,
  `CREATE TABLE go_goscope_followers (
  id TEXT PRIMARY KEY NOT NULL,
  seq INTEGER NOT NULL,
  seen_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID`,
]

const BOUND = `CREATE TRIGGER ${LOG_TRIGGER_PREFIX}bounded AFTER INSERT ON go_goscope_changes
WHEN NEW.seq % ${BOUND_EVERY} = 0 BEGIN
  DELETE FROM go_goscope_changes WHERE seq <= NEW.seq - ${LONGEST_LOG};
  DELETE FROM go_goscope_followers WHERE seq <= NEW.seq - ${LONGEST_LOG};
END`

/** Every trigger of a log of these tables, by name. */
export function logTriggers(tables: readonly LoggedTable[]): ReadonlyMap<string, string> {
  const texts = [BOUND, ...tables.flatMap(triggersOf)]
  return new Map(texts.map((sql) => [/"?(go_goscope_log_\w+)/.exec(sql)?.[1] as string, sql]))
}

/**
 * A row is logged by the key it has, one that is gone by the key it had. REPLACE takes rows out of the way of another one, by
 * any key of theirs, and no trigger for a deletion fires for them: they are logged before.
 *
 * Conditions, and triggers of one column, spare writers most of what these cost. Rows are looked for in a condition, because
 * SQLite puts what an INSERT reads into a table of its own where the log has a trigger: for each row that is written, and
 * that took as long as the rest of the log.
 */
function triggersOf({ name, key, numbered, otherKeys }: LoggedTable): string[] {
  const table = `"${name}"`
  const trigger = (of: string, event: string, logged: readonly string[]): string => {
    const body = logged.map((rows) => `  INSERT INTO go_goscope_changes (tbl, key) ${rows};\n`).join('')
    return `CREATE TRIGGER "${LOG_TRIGGER_PREFIX}${of}_${name}" ${event} BEGIN\n${body}END`
  }
  const here = `SELECT '${name}', "${key}" FROM ${table} WHERE`
  const displacing = (of: string, event: string, displaced: readonly string[], first = ''): string => {
    const found = displaced.map((rows) => `EXISTS (${rows})`).join(' OR ')
    return trigger(of, `BEFORE ${event} ON ${table} WHEN ${first}${found}`, displaced)
  }
  const sameKeys = otherKeys.map((columns) => columns.map(sameIn).join(' AND '))
  const displaced = [
    displacing(
      'displaced_by_insert',
      'INSERT',
      sameKeys.map((same) => `${here} ${same}`),
    ),
    displacing(
      'displaced_by_update',
      'UPDATE',
      sameKeys.map((same) => `${here} ${same} AND "${key}" IS NOT OLD."${key}"`),
    ),
  ]
  // -1 stands for a number that the writer leaves to SQLite, as nearly all do, and is one that a row may have: whoever gives
  // it is seen when the row is there, and what was in its way is not, so that everything is copied anew.
  const outnumbered = [
    displacing('outnumbered_by_insert', 'INSERT', [`${here} rowid = NEW.rowid`], 'NEW.rowid <> -1 AND '),
    trigger('outnumbered_unseen', `AFTER INSERT ON ${table} WHEN NEW.rowid = -1`, ["VALUES ('', NULL)"]),
    trigger('outnumbered_by_update', `BEFORE UPDATE ON ${table} WHEN NEW.rowid <> OLD.rowid`, [
      `${here} rowid = NEW.rowid`,
    ]),
  ]
  // Where the key is the number of the row, a statement may set it by other names than the column's.
  const rekeying = numbered ? `UPDATE OF "${key}"` : 'UPDATE'
  return [
    ...(otherKeys.length > 0 ? displaced : []),
    ...(numbered ? outnumbered : []),
    trigger('inserted', `AFTER INSERT ON ${table}`, [`VALUES ('${name}', NEW."${key}")`]),
    trigger('updated', `AFTER UPDATE ON ${table}`, [`VALUES ('${name}', NEW."${key}")`]),
    trigger('rekeyed', `AFTER ${rekeying} ON ${table} WHEN OLD."${key}" IS NOT NEW."${key}"`, [
      `VALUES ('${name}', OLD."${key}")`,
    ]),
    trigger('deleted', `AFTER DELETE ON ${table}`, [`VALUES ('${name}', OLD."${key}")`]),
  ]
}

/** Whether a row and the new one are the same in a column of a key. What is the same by BINARY is so by every column's own. */
function sameIn({ name, collation }: KeyColumn): string {
  return `"${name}" = NEW."${name}"${collation === 'BINARY' ? '' : ` COLLATE "${collation}"`}`
}

/** Reads the objects of the log. */
export const READ_LOG: string = `SELECT type, name, sql FROM main.sqlite_master
WHERE name IN ('go_goscope_changes', 'go_goscope_followers') OR (type = 'trigger' AND name GLOB '${LOG_TRIGGER_PREFIX}*')`

/**
 * What removes the log, in one transaction. How far it had counted stays in go_goscope_meta, by which an older copy of the
 * file is told from one that was merely not followed for a while.
 *
 * @param objects The rows of {@link READ_LOG}.
 */
export function removingLog(objects: readonly Row[]): string[] {
  const drop = (type: string): string[] =>
    objects.filter((object) => object.type === type).map(({ name }) => `DROP ${type} IF EXISTS "${name}"`)
  return [
    `INSERT INTO go_goscope_meta (key, value) SELECT 'log_end', max(seq) FROM go_goscope_changes WHERE true
ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
    ...drop('trigger'),
    ...drop('table'),
  ]
}
