import { PersistenceError } from '../../../errors/persistence-error.js'
import { oneRow, type Sql } from './sql.js'

/** How far a standby is with its source, and what identifies that source. */
export interface Position {
  /** The id of the follower in the source. */
  readonly follower: string
  /** The lineage of the source. */
  readonly lineage: string
  /** The number of the last change in the log that the standby has. */
  readonly seq: number
  /** The token of that change. */
  readonly token: number
  /** The schema version (`PRAGMA schema_version`) of the source. */
  readonly cookie: number
}

const CREATE = `CREATE TABLE main.go_goscope_standby (
  id INTEGER PRIMARY KEY NOT NULL CHECK (id = 1),
  follower TEXT NOT NULL,
  lineage TEXT NOT NULL,
  seq INTEGER NOT NULL,
  token INTEGER NOT NULL,
  cookie INTEGER NOT NULL,
  triggers TEXT NOT NULL
) STRICT`

const READ = 'SELECT follower, lineage, seq, token, cookie FROM main.go_goscope_standby'

/** Creates the table that makes a database a standby. @param triggers JSON of the triggers that a takeover restores. */
export async function createPosition(sql: Sql, position: Position, triggers: string): Promise<void> {
  const { follower, lineage, seq, token, cookie } = position
  await sql.query(CREATE)
  await sql.query('INSERT INTO main.go_goscope_standby VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6)', [
    follower,
    lineage,
    seq,
    token,
    cookie,
    triggers,
  ])
}

/** Call it in the transaction that writes the changes up to this position. */
export async function advance(sql: Sql, seq: number, token: number): Promise<void> {
  await sql.query('UPDATE main.go_goscope_standby SET seq = ?1, token = ?2', [seq, token])
}

/**
 * @returns `undefined` for an empty database. @throws PersistenceError `FILE_EXISTS` for a database that is neither empty nor a
 *   standby.
 */
export async function readPosition(sql: Sql): Promise<Position | undefined> {
  const objects = await sql.query('SELECT name FROM main.sqlite_master')
  if (objects.length === 0) return undefined
  if (!objects.some(({ name }) => name === 'go_goscope_standby')) throw noStandby()
  // The table is STRICT.
  return (await oneRow(sql, READ)) as unknown as Position
}

function noStandby(): PersistenceError {
  return new PersistenceError(
    'FILE_EXISTS',
    'standby.follow',
    'standby.follow: the target is a database of its own and no standby; name a file that does not exist',
  )
}
