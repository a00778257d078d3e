import { PersistenceError } from '../../../errors/persistence-error.js'
import { oneRow, type Sql } from './sql.js'

/** Up to where a standby has its source, and what tells that source from every other. */
export interface Position {
  /** Who follows, as the source knows it. */
  readonly follower: string
  /** The history that the source is of. */
  readonly lineage: string
  /** The last change in the log that the standby has. */
  readonly seq: number
  /** The token of that change. */
  readonly token: number
  /** The source's count of changes to its schema. */
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

/** Makes the table that makes a database a standby. @param triggers JSON: what takeover puts back. */
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

/** In the transaction that writes what lies before the position. */
export async function advance(sql: Sql, seq: number, token: number): Promise<void> {
  await sql.query('UPDATE main.go_goscope_standby SET seq = ?1, token = ?2', [seq, token])
}

/** @returns `undefined` for an empty database. @throws PersistenceError `FILE_EXISTS` where it is neither that nor a standby. */
export async function readPosition(sql: Sql): Promise<Position | undefined> {
  const objects = await sql.query('SELECT name FROM main.sqlite_master')
  if (objects.length === 0) return undefined
  if (!objects.some(({ name }) => name === 'go_goscope_standby')) throw noStandby()
  const row = await oneRow(sql, READ)
  return {
    follower: String(row.follower),
    lineage: String(row.lineage),
    seq: Number(row.seq),
    token: Number(row.token),
    cookie: Number(row.cookie),
  }
}

function noStandby(): PersistenceError {
  return new PersistenceError(
    'FILE_EXISTS',
    'standby.follow',
    'standby.follow: the target is a database of its own and no standby; name a file that does not exist',
  )
}
