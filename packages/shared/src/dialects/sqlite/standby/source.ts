import { hasCode, PersistenceError } from '../../../errors/persistence-error.js'
import { fileIdentity } from '../file/file-identity.js'
import { READ_LOG } from '../schema/change-log.js'
import { oneRow, type Sql } from './sql.js'

/** A connection that its opener closes. */
export interface OwnSql extends Sql {
  close(): Promise<void>
}

/** Opens a connection to the source. */
export type OpenSource = () => Promise<OwnSql>

/**
 * The followed file. It is attached to the connection of the standby for reading, so that rows go from file to file and not
 * through JavaScript. A separate connection writes to it.
 */
export class Source {
  readonly #path: string
  readonly #standby: Sql
  readonly #open: OpenSource
  #connection: OwnSql | undefined
  #identity: string | undefined
  #dataVersion: unknown
  #attached = false
  #locked = false

  /** @param path Absolute. */
  constructor(path: string, standby: Sql, open: OpenSource) {
    this.#path = path
    this.#standby = standby
    this.#open = open
  }

  get isOpen(): boolean {
    return this.#connection !== undefined
  }

  /** The connection for writing. */
  get sql(): Sql {
    if (this.#connection !== undefined) return this.#connection
    throw new PersistenceError(
      'BUSY',
      'standby',
      `standby: ${this.#path} was replaced and cannot be opened yet; try again`,
    )
  }

  /** @throws PersistenceError `CANNOT_OPEN` when there is no such file. */
  async attach(): Promise<void> {
    const identity = await fileIdentity(this.#path)
    // Engines and ATTACH would create a missing file.
    if (identity === undefined) throw this.#gone()
    const connection = await this.#open()
    try {
      // A power loss that removes entries of the log also removes the changes that they describe. A flush would delay writers.
      await connection.query('PRAGMA synchronous = NORMAL')
      // A takeover that died while it had the source exclusively has left its journal mode. A followed file was in WAL mode before.
      if ((await connection.query(READ_LOG)).length > 0) await connection.query('PRAGMA journal_mode = WAL')
      await adoptEncoding(this.#standby, connection)
      await this.#attach()
      this.#connection = connection
      this.#identity = identity
    } catch (error) {
      await connection.close()
      throw error
    }
  }

  async detach(): Promise<void> {
    const connection = this.#connection
    this.#connection = undefined
    // The locks of a connection end with it.
    this.#locked = false
    try {
      await this.detachFromStandby()
    } finally {
      await connection?.close()
    }
  }

  /** Detaches from the connection of the standby; {@link sql} stays. May be called again. */
  async detachFromStandby(): Promise<void> {
    if (!this.#attached) return
    this.#attached = false
    await this.#standby.query('DETACH DATABASE source')
  }

  /**
   * Returns whether anything may have been committed since the last call, by any process. If the path leads to another file now,
   * switches to that file.
   *
   * @throws PersistenceError `CANNOT_OPEN` when there is no file.
   */
  async mayHaveChanged(): Promise<boolean> {
    const identity = await fileIdentity(this.#path)
    if (identity === undefined) throw this.#gone()
    // After a takeover that was refused, it may not have been possible to attach it again.
    if (identity !== this.#identity || !this.#attached) {
      await this.detach()
      await this.attach()
    }
    const before = this.#dataVersion
    this.#dataVersion = (await oneRow(this.#standby, 'PRAGMA source.data_version')).data_version
    return this.#dataVersion !== before
  }

  /** Returns whether the schema of the file can be read anew. */
  async isSound(): Promise<boolean> {
    try {
      await this.sql.query('PRAGMA writable_schema = RESET')
      await this.sql.query(READ_LOG)
      return true
    } catch {
      // Whatever it is, it is a problem of the source.
      return false
    }
  }

  /** Makes the next {@link mayHaveChanged} return true. */
  markChanged(): void {
    this.#dataVersion = undefined
  }

  /**
   * Detaches the file from the standby and makes sure that only the writing connection has it open. Only this change of the
   * journal mode detects all connections, including idle ones.
   *
   * @throws PersistenceError `FILE_IN_USE`; the source is then attached as before, if possible.
   */
  async lockExclusively(): Promise<void> {
    await this.detachFromStandby()
    this.#locked = true
    try {
      await this.sql.query('PRAGMA journal_mode = DELETE')
      // Drops cached pages. SQLite keeps those that it has read in WAL mode, although others may have written them since.
      await this.sql.query('PRAGMA shrink_memory')
      await this.sql.query('BEGIN EXCLUSIVE')
    } catch (error) {
      // The caller needs the first error. The next `mayHaveChanged` attaches it, and `unlock` may be called again.
      await this.unlockAndAttach().catch(() => undefined)
      throw hasCode(error, 'BUSY') ? this.inUse(error) : error
    }
  }

  /** Creates the error of a takeover while other connections use the file. */
  inUse(busy: PersistenceError): PersistenceError {
    return new PersistenceError(
      'FILE_IN_USE',
      'standby.takeOver',
      `standby.takeOver: ${this.#path} is still open, and its users would go on writing to it; disconnect them first, in this process too, or pass force: true`,
      busy,
    )
  }

  /** Ends {@link lockExclusively}. May be called again. */
  async unlock(): Promise<void> {
    if (!this.#locked) return
    // After a failure the transaction may still be open.
    await this.sql.query('ROLLBACK').catch(() => undefined)
    await this.sql.query('PRAGMA journal_mode = WAL')
    this.#locked = false
  }

  /** Unlocks and attaches the source as before, even if its journal mode cannot be restored for now. */
  async unlockAndAttach(): Promise<void> {
    try {
      await this.unlock()
    } finally {
      await this.#attach()
    }
  }

  #gone(): PersistenceError {
    return new PersistenceError(
      'CANNOT_OPEN',
      'standby.follow',
      `standby.follow: there is no file ${this.#path} to follow; check the path, or take over if it is lost`,
    )
  }

  async #attach(): Promise<void> {
    try {
      await this.#standby.query('ATTACH DATABASE ?1 AS source', [this.#path])
    } catch (error) {
      // The other connection has opened the file, so the disk has failed. One engine reports this failure of ATTACH without a code.
      if (hasCode(error, 'CANNOT_OPEN')) throw new PersistenceError('IO_ERROR', 'standby', error.message, error)
      throw error
    }
    this.#attached = true
    this.#dataVersion = undefined
  }
}

/** Replaces `BUSY` when following begins: waiting does not help while a connection has the file exclusively. */
export function lockedAlone(busy: unknown): PersistenceError {
  return new PersistenceError(
    'FILE_IN_USE',
    'standby.follow',
    'standby.follow: another connection has the source for itself, as a running standby has its file; follow what that one follows',
    busy,
  )
}

/** One connection can only use databases of the same encoding; a database gets its encoding with its first table. */
async function adoptEncoding(standby: Sql, source: Sql): Promise<void> {
  const [{ objects }, { encoding }] = [
    await oneRow(standby, 'SELECT count(*) AS objects FROM main.sqlite_master'),
    await oneRow(source, 'SELECT encoding FROM pragma_encoding'),
  ]
  if (objects === 0) await standby.query(`PRAGMA main.encoding = '${encoding}'`)
}
