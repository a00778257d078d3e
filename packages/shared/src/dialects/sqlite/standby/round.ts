import { idOf, inKey, LOG_TRIGGER_PREFIX } from '../schema/change-log.js'
import { quotedName, quotedText } from '../schema/quoted.js'
import { copyingRows, type FollowedTables } from './followed-tables.js'
import { copySequences } from './full-copy.js'
import { advance, type Position } from './position.js'
import { inTransaction, oneRow, type Sql } from './sql.js'

/** The outcome of one poll of the source. */
export type Outcome =
  /** The standby has the content that the source had at that moment. */
  { readonly kind: 'current'; readonly position: Position; readonly changes: number } | OutOfLog

/** Where the position of a standby is in the log of its source: before these last changes, or not in it. */
export type Found = { readonly kind: 'in the log'; readonly last: number; readonly token: number } | OutOfLog

type OutOfLog =
  /** The log does not contain all changes. `trimmed`: it did before it was trimmed. */
  | { readonly kind: 'copy anew'; readonly reason: string; readonly trimmed: boolean }
  /** The source has another lineage. */
  | { readonly kind: 'diverged'; readonly reason: string }

const MANY_CHANGES = 1_000

const HAS_LOG = `SELECT
  EXISTS (SELECT 1 FROM source.sqlite_master WHERE name = 'go_goscope_meta') AS meta,
  EXISTS (SELECT 1 FROM source.sqlite_master WHERE name = 'go_goscope_changes') AS log`

// Triggers that remain although the table of changes was dropped by hand. A regular removal of the log leaves none.
const LEFTOVER = `SELECT 1 FROM source.sqlite_master
WHERE name = 'go_goscope_followers' OR (type = 'trigger' AND name GLOB '${LOG_TRIGGER_PREFIX}*') LIMIT 1`

const META = `SELECT (SELECT value FROM source.go_goscope_meta WHERE key = 'lineage') AS lineage,
  (SELECT CAST(value AS INTEGER) FROM source.go_goscope_meta WHERE key = 'log_end') AS log_end`

// Separate subqueries: SQLite finds one end of a table by its key, but scans the table for both.
const LOG = `SELECT (SELECT min(seq) FROM source.go_goscope_changes) AS first,
  (SELECT max(seq) FROM source.go_goscope_changes) AS last,
  (SELECT token FROM source.go_goscope_changes WHERE seq = (SELECT max(seq) FROM source.go_goscope_changes)) AS last_token,
  (SELECT token FROM source.go_goscope_changes WHERE seq = ?1) AS token`

/**
 * Brings the standby up to date with the source: one read transaction on the source and one write transaction on the standby,
 * which includes the position. All or nothing.
 *
 * @param sql A connection to the standby with the source attached.
 * @param onBehind Called before many changes are applied, which takes long enough to be reported.
 */
export function runRound(
  sql: Sql,
  position: Position,
  tables: FollowedTables,
  onBehind?: (changes: number) => void,
): Promise<Outcome> {
  return inTransaction(sql, 'DEFERRED', () => applyChanges(sql, position, tables, onBehind))
}

/** {@link runRound} within a transaction. */
export async function applyChanges(
  sql: Sql,
  position: Position,
  tables: FollowedTables,
  onBehind?: (changes: number) => void,
): Promise<Outcome> {
  const found = await findPosition(sql, position)
  if (found.kind !== 'in the log') return found
  const { last, token } = found
  if (last === position.seq) {
    if (await differs(sql, tables)) await copyWhole(sql, tables)
    return { kind: 'current', position, changes: 0 }
  }
  if (last - position.seq >= MANY_CHANGES) onBehind?.(last - position.seq)
  await copyLogged(sql, position, tables)
  await copyWhole(sql, tables)
  await advance(sql, last, token)
  return { kind: 'current', position: { ...position, seq: last, token }, changes: last - position.seq }
}

/** Finds the position of a standby in the log of its source. Changes nothing. */
export async function findPosition(sql: Sql, position: Position): Promise<Found> {
  const { schema_version: cookie } = await oneRow(sql, 'PRAGMA source.schema_version')
  const found = await oneRow(sql, HAS_LOG)
  const { lineage, log_end: logEnd } = found.meta === 1 ? await oneRow(sql, META) : { lineage: null, log_end: null }
  if (lineage !== position.lineage) {
    return diverged(lineage === null ? 'the source was never followed' : `the source is of the lineage ${lineage}`)
  }
  if (found.log === 0) {
    if ((await sql.query(LEFTOVER)).length > 0) return diverged(DROPPED)
    if (Number(logEnd ?? 0) < position.seq) return older(Number(logEnd ?? 0), position)
    return { kind: 'copy anew', reason: 'the log of the source was removed', trimmed: true }
  }
  const log = await oneRow(sql, LOG, [position.seq])
  if (Number(log.last) < position.seq) return older(Number(log.last), position)
  if (log.token === null) {
    return { kind: 'copy anew', reason: `the log begins at ${log.first}, after ${position.seq}`, trimmed: true }
  }
  if (log.token !== position.token) return diverged(`change ${position.seq} of the source is another one`)
  // Also when triggers of the log were missing for a time: their removal and their return are changes of the schema.
  if (cookie !== position.cookie)
    return { kind: 'copy anew', reason: 'the schema of the source has changed', trimmed: false }
  return { kind: 'in the log', last: Number(log.last), token: Number(log.last_token) }
}

const DROPPED =
  'go_goscope_changes was dropped from the source; stop this standby, so that writes to the source work again, and follow anew into another target'

const NAMED = 'SELECT DISTINCT tbl FROM source.go_goscope_changes WHERE seq > ?1'

/** Per table, all removals come before the first insert: a row may have taken the rowid or the key of another row. */
async function copyLogged(sql: Sql, { seq }: Position, tables: FollowedTables): Promise<void> {
  const named = (await sql.query(NAMED, [seq])).map(({ tbl }) => tbl)
  for (const table of tables.logged) {
    const { name, key, rowid } = table
    if (!named.includes(name)) continue
    const logged = (by: string, column: string): string =>
      `WHERE ${by} IN (SELECT ${column} FROM source.go_goscope_changes WHERE seq > ?1 AND tbl = ${quotedText(name)})`
    const removal = `DELETE FROM main.${quotedName(name)}`
    await sql.query(`${removal} ${logged(idOf(table), 'id')}`, [seq])
    // The row that had the key before is gone from the source, or was logged separately.
    if (rowid !== undefined) await sql.query(`${removal} ${logged(inKey(key), 'key')}`, [seq])
    await sql.query(`${copyingRows(name, tables)} ${logged(idOf(table), 'id')}`, [seq])
  }
}

async function differs(sql: Sql, { whole }: FollowedTables): Promise<boolean> {
  const sequences = (schema: string): string =>
    `SELECT name, seq FROM ${schema}.sqlite_sequence WHERE name IN (SELECT name FROM main.sqlite_master)`
  const pairs = whole.map(quotedName).map((name) => [`SELECT * FROM main.${name}`, `SELECT * FROM source.${name}`])
  const compared = [...pairs, [sequences('main'), sequences('source')]].flatMap(([here, there]) => [
    `EXISTS (${here} EXCEPT ${there})`,
    `EXISTS (${there} EXCEPT ${here})`,
  ])
  return (await oneRow(sql, `SELECT ${compared.join(' OR ')} AS differs`)).differs === 1
}

async function copyWhole(sql: Sql, tables: FollowedTables): Promise<void> {
  for (const name of tables.whole) {
    await sql.query(`DELETE FROM main.${quotedName(name)}`)
    await sql.query(copyingRows(name, tables))
  }
  await copySequences(sql)
}

function diverged(reason: string): OutOfLog {
  return { kind: 'diverged', reason }
}

function older(last: number, { seq }: Position): OutOfLog {
  return diverged(`the source is older than the standby: its log ends at ${last}, before ${seq}`)
}
