import { randomUUID } from 'node:crypto'
import type { Row } from '../../../driver/driver.js'
import { PersistenceError } from '../../../errors/persistence-error.js'
import { pause, systemClock } from '../../../time/clock.js'
import { refuseOtherModes } from '../engine/pragma.js'
import {
  FORGOTTEN_AFTER_MS,
  isBroken,
  isNewer,
  LOG_TABLES,
  LOG_TRIGGER_PREFIX,
  logTriggers,
  READ_LOG,
  removingLog,
} from '../schema/change-log.js'
import { quotedName } from '../schema/quoted.js'
import { followedTables } from './followed-tables.js'
import { inTransaction, oneRow, type Sql } from './sql.js'

const KEEP_LINEAGE = "INSERT INTO go_goscope_meta (key, value) VALUES ('lineage', ?1) ON CONFLICT (key) DO NOTHING"

// A log is never empty. The position of a follower that has everything is the last change, which stays so that its token can be
// compared.
const FIRST_CHANGE = `INSERT INTO go_goscope_changes (seq, tbl)
SELECT 1 + coalesce((SELECT CAST(value AS INTEGER) FROM go_goscope_meta WHERE key = 'log_end'), 0), ''
WHERE NOT EXISTS (SELECT 1 FROM go_goscope_changes)`

// A change without a table, with a token of its own. Without it, a source that loses the return of its triggers with the power could
// reach the same schema version and the same last change once more, after rows that no trigger logged.
const GAP = "INSERT INTO go_goscope_changes (tbl) VALUES ('')"

// SQLite runs the triggers of one event from the newest to the oldest, and RAISE(IGNORE) in one skips the rest.
const OVERTAKEN = `SELECT coalesce(max(rowid) FILTER (WHERE name NOT GLOB '${LOG_TRIGGER_PREFIX}*') >
  min(rowid) FILTER (WHERE name GLOB '${LOG_TRIGGER_PREFIX}*'), 0) AS overtaken
FROM main.sqlite_master WHERE type = 'trigger'`

const ENTER = `INSERT INTO go_goscope_followers (id, seq, seen_at)
SELECT ?1, coalesce(?2, max(seq)), ?3 FROM go_goscope_changes WHERE true
ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, seen_at = excluded.seen_at`

const SEEN = 'UPDATE go_goscope_followers SET seq = ?2, seen_at = ?3 WHERE id = ?1 RETURNING 1'

// Writers wait for one step at most, about 1 ms.
const TRIM_STEP = 2_000
const TRIM = `DELETE FROM go_goscope_changes WHERE seq < min(
  (SELECT min(seq) FROM go_goscope_followers), (SELECT min(seq) FROM go_goscope_changes) + ${TRIM_STEP}
)`
// Not by RETURNING: a step took three times as long while writers wait, because each row of it was also read.
const TRIMMED = 'SELECT changes() AS trimmed'

/**
 * Makes the log complete, recreates a broken one, and registers a follower. Writes nothing into the schema when the log is
 * complete already.
 *
 * @param sql A connection to the source.
 * @param seq The follower's position; `undefined` for the end of the log.
 * @returns the schema version (`PRAGMA schema_version`) of the source with which the log is complete.
 * @throws PersistenceError `SCHEMA_MISSING`, `SCHEMA_NEWER`, `FOREIGN_TABLE`.
 */
export function enterLog(sql: Sql, follower: string, seq: number | undefined, now: number): Promise<number> {
  return inTransaction(sql, 'IMMEDIATE', async () => {
    await checkSource(sql)
    let found = await sql.query(READ_LOG)
    refuseNewer(found)
    const wanted = logTriggers((await followedTables(sql, 'main')).logged)
    refuseForeign(found)
    if (isBroken(found)) {
      for (const text of removingLog(found)) await sql.query(text)
      found = []
    }
    const hasLog = found.length > 0
    if (!hasLog) for (const text of LOG_TABLES) await sql.query(text)
    await sql.query(KEEP_LINEAGE, [randomUUID()])
    await sql.query(FIRST_CHANGE)
    const triggers = new Map(found.filter(({ type }) => type === 'trigger').map(({ name, sql: text }) => [name, text]))
    const { overtaken } = await oneRow(sql, OVERTAKEN)
    const stays = (name: string): boolean => overtaken === 0 && triggers.get(name) === wanted.get(name)
    for (const name of triggers.keys())
      if (!stays(String(name))) await sql.query(`DROP TRIGGER ${quotedName(String(name))}`)
    const missing = [...wanted].filter(([name]) => !stays(name))
    for (const [, text] of missing) await sql.query(text)
    if (hasLog && missing.length > 0) await sql.query(GAP)
    await sql.query(ENTER, [follower, seq ?? null, now])
    return Number((await oneRow(sql, 'PRAGMA main.schema_version')).schema_version)
  })
}

/** Unregisters a follower. Removes the log with the last follower, or if it is broken and thus useless. */
export function leaveLog(sql: Sql, follower: string): Promise<void> {
  return inTransaction(sql, 'IMMEDIATE', async () => {
    const objects = await sql.query(READ_LOG)
    if (objects.length === 0) return
    if (!isBroken(objects)) {
      await sql.query('DELETE FROM go_goscope_followers WHERE id = ?1', [follower])
      if ((await sql.query('SELECT 1 FROM go_goscope_followers LIMIT 1')).length > 0) return
    }
    for (const text of removingLog(objects)) await sql.query(text)
  })
}

/**
 * Records that the follower is alive and its position, drops followers that have not reported for long, and trims changes that no
 * follower needs.
 *
 * @returns `false` when the follower itself was dropped, and with it perhaps the log.
 */
export async function reportPosition(sql: Sql, follower: string, seq: number, now: number): Promise<boolean> {
  const objects = await sql.query(READ_LOG)
  if (objects.length === 0 || isBroken(objects)) return false
  const known = await inTransaction(sql, 'IMMEDIATE', async () => {
    await sql.query('DELETE FROM go_goscope_followers WHERE seen_at < ?1', [now - FORGOTTEN_AFTER_MS])
    return sql.query(SEEN, [follower, seq, now])
  })
  if (known.length === 0) return false
  // Each step is its own transaction. Waiting writers poll for the write lock. Without a pause as long as the step, they would
  // hardly ever find it free.
  for (;;) {
    const since = systemClock.monotonic()
    await sql.query(TRIM)
    if ((await oneRow(sql, TRIMMED)).trimmed === 0) return true
    await pause(systemClock.monotonic() - since)
  }
}

/** The followers of two releases would replace the triggers of each other, and copy everything after each replacement. */
function refuseNewer(found: readonly Row[]): void {
  if (!isNewer(found)) return
  throw new PersistenceError(
    'SCHEMA_NEWER',
    'standby.follow',
    'standby.follow: a standby of a later release follows the source; update this package, or stop that standby',
  )
}

function refuseForeign(found: readonly Row[]): void {
  if (!found.some(({ type, sql }) => type === 'table' && !LOG_TABLES.includes(String(sql)))) return
  throw new PersistenceError(
    'FOREIGN_TABLE',
    'standby.follow',
    'standby.follow: go_goscope_changes or go_goscope_followers of the source belongs to something else; drop or rename it',
  )
}

async function checkSource(sql: Sql): Promise<void> {
  const { family, standby } = await oneRow(
    sql,
    `SELECT count(*) FILTER (WHERE name = 'go_goscope_meta') AS family,
  count(*) FILTER (WHERE name = 'go_goscope_standby') AS standby FROM main.sqlite_master`,
  )
  if (standby !== 0) {
    throw new PersistenceError(
      'FOREIGN_TABLE',
      'standby.follow',
      'standby.follow: the source is the standby of another file; follow that file, or let the standby take over first',
    )
  }
  if (family === 0) {
    throw new PersistenceError(
      'SCHEMA_MISSING',
      'standby.follow',
      'standby.follow: the source has no tables of this family; open it once with SQLiteAdapter.open',
    )
  }
  await refuseOtherModes((text) => sql.query(text), 'standby.follow', 'the source')
}
