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

/**
 * The database of a standby. This thread has it exclusively: no other connection reads it in the middle of a round, or writes to
 * it.
 */
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
   * @param path A path, or `:memory:`.
   * @throws PersistenceError `FILE_IN_USE`.
   */
  static async open(path: string, engine: ThreadEngine<object>, busyTimeout: number): Promise<Target> {
    const made = path !== ':memory:' && (await createFile(path, MODE)) ? await fileIdentity(path) : undefined
    let connection: OwnConnection | undefined
    try {
      connection = await openOwn(path, engine, { readOnly: false, busyTimeout })
      const sql = sqlOf(connection, path)
      await tune(sql, path)
      // Another connection may have written to it before this thread had it exclusively.
      const { objects } = await oneRow(sql, 'SELECT count(*) AS objects FROM main.sqlite_master')
      return new Target(path, connection, made !== undefined && objects === 0)
    } catch (error) {
      if (made !== undefined) {
        // Otherwise the journal of the mode change stays for as long as the engine keeps the file open.
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

  /** Returns whether the path still leads to the file. */
  async stays(): Promise<boolean> {
    return this.#path === ':memory:' || (await fileIdentity(this.#path)) === this.#connection.identity
  }

  /**
   * Call it after a takeover. A database in memory stays with this thread, which serves it from now on; a file is opened by its
   * new user. The takeover is complete, so a failure to close the file here must not be reported as a failed takeover.
   *
   * @returns device and inode of the file.
   */
  async handOver(): Promise<string | undefined> {
    if (this.#path !== ':memory:') await this.close().catch(() => undefined)
    return this.#connection.identity
  }

  /** Call it instead of {@link close} if `follow` has failed. Removes the file if this thread has created it. */
  async discard(): Promise<void> {
    // A path that leads to another file by now, or cannot be read, is not ours. A file that cannot be removed stays, and can be
    // followed into.
    if (this.#made && (await this.stays().catch(() => false)))
      for (const suffix of ['-wal', '']) await rm(this.#path + suffix, { force: true }).catch(() => undefined)
    await this.close()
  }

  /** May be called again. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    try {
      // Some engines keep a file open after its handle is closed, and with it the lock that excludes others.
      await this.sql.query('PRAGMA main.locking_mode = NORMAL')
      await this.sql.query('SELECT count(*) FROM main.sqlite_master')
    } finally {
      await this.#connection.close()
    }
  }
}

/**
 * @param path The path of its file, or `:memory:`.
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
  // A power loss may also destroy the source's disk, and then there is nothing to copy from again.
  await sql.query('PRAGMA main.synchronous = FULL')
  await sql.query('PRAGMA fullfsync = 1')
  await sql.query('BEGIN EXCLUSIVE')
  await sql.query('COMMIT')
}
