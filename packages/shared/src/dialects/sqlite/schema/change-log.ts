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
  /** Every other key that no two rows share, each with its columns. */
  readonly otherKeys: readonly (readonly string[])[]
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

function triggersOf({ name, key, otherKeys }: LoggedTable): string[] {
  const log = (what: string): string => `  INSERT INTO go_goscope_changes (tbl, key) ${what};\n`
  const table = `"${name}"`
  const trigger = (of: string, event: string, body: string): string =>
    `CREATE TRIGGER "${LOG_TRIGGER_PREFIX}${of}_${name}" ${event} ON ${table} BEGIN\n${body}END`
  // REPLACE removes the row that has the new one's other key, and no trigger for a deletion fires for it.
  const inTheWay = (but: string): string =>
    otherKeys
      .map((columns) => columns.map((column) => `"${column}" = NEW."${column}"`).join(' AND '))
      .map((same) => log(`SELECT '${name}', "${key}" FROM "${name}" WHERE ${same}${but}`))
      .join('')
  const displacing =
    otherKeys.length === 0
      ? []
      : [
          trigger('displaced_by_insert', 'BEFORE INSERT', inTheWay('')),
          trigger('displaced_by_update', 'BEFORE UPDATE', inTheWay(` AND "${key}" IS NOT OLD."${key}"`)),
        ]
  return [
    ...displacing,
    trigger('inserted', 'AFTER INSERT', log(`VALUES ('${name}', NEW."${key}")`)),
    trigger(
      'updated',
      'AFTER UPDATE',
      log(`VALUES ('${name}', NEW."${key}")`) +
        log(`SELECT '${name}', OLD."${key}" WHERE OLD."${key}" IS NOT NEW."${key}"`),
    ),
    trigger('deleted', 'AFTER DELETE', log(`VALUES ('${name}', OLD."${key}")`)),
  ]
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
