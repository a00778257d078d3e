import { rm } from 'node:fs/promises'
import { hasCode, PersistenceError } from '../../../errors/persistence-error.js'
import { createFile } from '../file/create-file.js'
import { fileIdentity } from '../file/file-identity.js'
import { orFull } from '../file/has-no-room.js'
import { removeUnused } from '../file/remove-unused.js'
import { type OwnConnection, openOwn } from '../thread/own-connection.js'
import type { ThreadEngine } from '../thread/thread-engine.js'
import { oneRow, type Sql } from './sql.js'

const MODE = 0o600

/** The database of a standby, which this thread has alone: nobody reads it past the one that keeps a round whole, or writes to it. */
export class Target {
  readonly sql: Sql
  readonly #path: string
  readonly #connection: OwnConnection
  readonly #made: boolean
  #closed = false

  private constructor(path: string, connection: OwnConnection, made: boolean) {
    this.#path = path
    this.#connection = connection
    this.#made = made
    this.sql = sqlOf(connection, path)
  }

  /**
   * @param path Or `:memory:`.
   * @throws PersistenceError `FILE_IN_USE`.
   */
  static async open(path: string, engine: ThreadEngine<object>, busyTimeout: number): Promise<Target> {
    const made = path !== ':memory:' && (await createFile(path, MODE)) ? await fileIdentity(path) : undefined
    let connection: OwnConnection | undefined
    try {
      connection = await openOwn(path, engine, { readOnly: false, busyTimeout })
      const sql = sqlOf(connection, path)
      await tune(sql, path)
      // Somebody may have written to it before it was this thread's alone.
      const { objects } = await oneRow(sql, 'SELECT count(*) AS objects FROM main.sqlite_master')
      return new Target(path, connection, made !== undefined && objects === 0)
    } catch (error) {
      if (made !== undefined) {
        // Else the journal by which the file leaves its mode stays, for as long as the engine keeps the file open.
        await connection?.queue.query('standby', 'PRAGMA main.locking_mode = NORMAL').catch(() => undefined)
        await removeUnused(path, made, connection?.queue)
      }
      await connection?.close()
      if (!hasCode(error, 'BUSY')) throw error
      throw new PersistenceError(
        'FILE_IN_USE',
        'standby.follow',
        `standby.follow: the target ${path} is in use; end what has it open, or name another file`,
        error,
      )
    }
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Whether its name still finds it. */
  async stays(): Promise<boolean> {
    return this.#path === ':memory:' || (await fileIdentity(this.#path)) === this.#connection.identity
  }

  /**
   * To be called when it has taken over. A database in memory is this thread's, which serves it from now on; a file is opened
   * by whoever has it now. It is promoted: what keeps this thread from closing it must not be told as a takeover that failed.
   *
   * @returns device and inode of the file.
   */
  async handOver(): Promise<string | undefined> {
    if (this.#path !== ':memory:') await this.close().catch(() => undefined)
    return this.#connection.identity
  }

  /** In the place of {@link close}, where nobody was told of a standby: removes the file, if this has made it. */
  async discard(): Promise<void> {
    // A name that another file has by now, or that cannot be looked at, is not ours. What cannot be removed stays, and can be
    // followed into.
    if (this.#made && (await this.stays().catch(() => false)))
      for (const suffix of ['-wal', '']) await rm(this.#path + suffix, { force: true }).catch(() => undefined)
    await this.close()
  }

  /** May be repeated. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    try {
      // Some engines keep a file open for longer than its handle, and with it the lock that keeps others away.
      await this.sql.query('PRAGMA main.locking_mode = NORMAL')
      await this.sql.query('SELECT count(*) FROM main.sqlite_master')
    } finally {
      await this.#connection.close()
    }
  }
}

/**
 * @param path Of its file, or `:memory:`.
 * @param isFull For tests.
 */
export function sqlOf(
  { queue }: Pick<OwnConnection, 'queue'>,
  path: string,
  isFull?: (path: string) => Promise<boolean>,
): Sql {
  return {
    async query(sql, parameters = []) {
      try {
        return await queue.query('standby', sql, parameters)
      } catch (error) {
        throw path === ':memory:' ? error : await orFull(error, path, 'standby', isFull)
      }
    },
  }
}

async function tune(sql: Sql, path: string): Promise<void> {
  await sql.query('PRAGMA temp_store = MEMORY')
  await sql.query('PRAGMA trusted_schema = 0')
  if (path === ':memory:') return
  await sql.query('PRAGMA main.locking_mode = EXCLUSIVE')
  await sql.query('PRAGMA main.journal_mode = WAL')
  // A loss of power may take the source's disk as well, and then there is nothing that it could be copied from again.
  await sql.query('PRAGMA main.synchronous = FULL')
  await sql.query('BEGIN EXCLUSIVE')
  await sql.query('COMMIT')
}
