import { LOG_TRIGGER_PREFIX } from '../schema/change-log.js'
import { quotedName } from '../schema/quoted.js'
import { copyTable, type FollowedTables, followedTables } from './followed-tables.js'
import { createPosition, type Position } from './position.js'
import { inTransaction, oneRow, type Sql } from './sql.js'

const OBJECTS = `SELECT type, name, sql FROM source.sqlite_master
WHERE sql IS NOT NULL AND tbl_name IN (SELECT value FROM json_each(?1)) AND (type <> 'trigger' OR name GLOB 'go_goscope_*')
ORDER BY type = 'table' DESC, name`

const END = `SELECT changes.seq, changes.token, meta.value AS lineage
FROM source.go_goscope_changes AS changes JOIN source.go_goscope_meta AS meta ON meta.key = 'lineage'
ORDER BY changes.seq DESC LIMIT 1`

/**
 * Replaces the content of the standby with that of the source in one transaction.
 *
 * @param sql A connection to the standby with the source attached.
 * @param cookie The schema version (`PRAGMA schema_version`) of the source with which its log is complete. Later schema changes,
 *   such as a table that no trigger logs, make the next round copy again.
 */
export function copyAnew(
  sql: Sql,
  follower: string,
  cookie: number,
): Promise<{ position: Position; tables: FollowedTables }> {
  return inTransaction(sql, 'DEFERRED', async () => {
    const tables = await followedTables(sql, 'source')
    const names = [...tables.logged.map(({ name }) => name), ...tables.whole]
    await removeTables(sql)
    const objects = await sql.query(OBJECTS, [JSON.stringify(names)])
    // Before the rows, so that SQLite copies rows and index entries as raw records.
    for (const object of objects) if (object.type !== 'trigger') await sql.query(String(object.sql))
    for (const name of names) await copyTable(sql, name, tables)
    await copySequences(sql)
    const { seq, token, lineage } = await oneRow(sql, END)
    const position: Position = {
      follower,
      lineage: String(lineage),
      seq: Number(seq),
      token: Number(token),
      cookie,
    }
    // On a standby, the log's triggers would run a second time what those of the source have done.
    const triggers = objects.filter(
      ({ type, name }) => type === 'trigger' && !String(name).startsWith(LOG_TRIGGER_PREFIX),
    )
    await createPosition(sql, position, JSON.stringify(triggers.map((trigger) => trigger.sql)))
    return { position, tables }
  })
}

/** Copies the counters of AUTOINCREMENT. */
export async function copySequences(sql: Sql): Promise<void> {
  await sql.query('DELETE FROM main.sqlite_sequence')
  await sql.query(`INSERT INTO main.sqlite_sequence (name, seq) SELECT name, seq FROM source.sqlite_sequence
WHERE name IN (SELECT name FROM main.sqlite_master WHERE type = 'table')`)
}

async function removeTables(sql: Sql): Promise<void> {
  const tables = await sql.query(
    "SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT GLOB 'sqlite_*'",
  )
  for (const { name } of tables) await sql.query(`DROP TABLE main.${quotedName(String(name))}`)
}
