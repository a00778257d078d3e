import type { Diagnostics } from '../../../errors/diagnostics.js'
import { PersistenceError } from '../../../errors/persistence-error.js'
import type { OperationQueue } from '../../../queue/operation-queue.js'
import type { Clock } from '../../../time/clock.js'
import { fileIdentity } from './file-identity.js'
import { type FileOwner, FileWatch, type WatchedFile } from './file-watch.js'
import { ImmutableFile } from './immutable-file.js'
import { type EngineLibrary, type Registration, refuseAttachedLibrary, registerLibrary } from './library-registry.js'
import { type LogWatch, READ_JOURNAL_MODE } from './log-watch.js'
import { isOpenElsewhere } from './process-view.js'
import { unsafeEnvironment } from './unsafe-environment.js'

/** The connection that has a file open. */
export interface FileUser {
  readonly queue: OperationQueue
  readonly diagnostics: Diagnostics
  readonly log: LogWatch
  /** Whether the file must not change and is read without locks. */
  readonly immutable: boolean
  /** Called once when the path leads to another file, or to none. */
  lose(reason: PersistenceError): void
}

/** A file that was found and registered. */
interface EnteredFile extends WatchedFile {
  readonly engine: string
  readonly registration: Registration
}

/** The file of a connection while it is open. No other copy of SQLite may have it open, and its path must still lead to it. */
export class OpenFile implements FileOwner {
  /** Equal for all names of the file. */
  readonly identity: string
  readonly #path: string
  readonly #engine: string
  readonly #user: FileUser
  readonly #registration: Registration
  readonly #watch: FileWatch
  #reportedOthers = false

  private constructor(file: EnteredFile, clock: Clock, user: FileUser) {
    this.identity = file.identity
    this.#path = file.path
    this.#engine = file.engine
    this.#user = user
    this.#registration = file.registration
    this.#watch = new FileWatch(file, clock, this)
  }

  /**
   * @throws PersistenceError `SECOND_LIBRARY`; `FILE_REPLACED` when the path already leads to no file; the errors of
   *   {@link ImmutableFile.enter}.
   */
  static async enter(path: string, library: EngineLibrary, clock: Clock, user: FileUser): Promise<OpenFile> {
    const identity = await fileIdentity(path)
    if (identity === undefined) {
      throw new PersistenceError(
        'FILE_REPLACED',
        'connect',
        `connect: the database file ${path} was deleted after the handle was opened; open it again`,
      )
    }
    const immutable = user.immutable ? await ImmutableFile.enter(path) : undefined
    const registration = await registerLibrary(identity, library, path)
    return new OpenFile({ identity, path, engine: library.engine, registration, immutable }, clock, user)
  }

  /** Reports conditions that make sharing the file unsafe. */
  async reportUnsafeEnvironment(sqliteVersion: string): Promise<void> {
    for (const problem of await unsafeEnvironment(this.#path, sqliteVersion)) this.unsafe(problem)
  }

  /**
   * Watches the WAL from now on, if the file is in WAL mode. May be called again.
   *
   * @throws PersistenceError `SECOND_LIBRARY` when another copy of SQLite is attached to the file, by any code of the process.
   */
  async watchLog(): Promise<void> {
    const { log, queue } = this.#user
    if (log.watching) return
    // This query reads the file, which makes the engine open the WAL.
    const [row] = await queue.query('connect', READ_JOURNAL_MODE)
    if (row?.journal_mode !== 'wal') return
    this.#watch.attached(await refuseAttachedLibrary(this.#path, this.#engine))
    log.begin(this.#path)
  }

  /**
   * Call it when a lock in memory was granted. Reports once if another connection, which the lock does not exclude, has the file
   * open.
   */
  lockedInMemory(): void {
    if (this.#reportedOthers) return
    this.#reportedOthers = true
    void this.#reportOtherConnections()
  }

  lost(reason: PersistenceError): void {
    this.#user.lose(reason)
  }

  async checkLog(): Promise<boolean> {
    const { log, queue } = this.#user
    if (log.needsCheck()) log.check(await queue.query('connect', READ_JOURNAL_MODE))
    return log.watching
  }

  unsafe(problem: string): void {
    this.#user.diagnostics.emit({ type: 'unsafe-environment', file: this.#path, problem })
  }

  stopWatching(): void {
    this.#watch.stop()
  }

  /** Call it when the engine has closed the file, not before. */
  leave(): void {
    this.#registration.leave()
  }

  /**
   * Call it when the handle stays open for the app.
   *
   * @param isOpen Returns whether it still is; called when another library wants the file.
   */
  leaveOpen(isOpen: () => Promise<boolean>): void {
    this.#registration.leaveOpen(isOpen)
  }

  /** Never rejects. */
  async #reportOtherConnections(): Promise<void> {
    const here = this.#registration.shared
    if (!here && (await isOpenElsewhere(this.#path)) !== true) return
    const other = here ? 'a second connection of this process' : 'another process'
    this.#user.diagnostics.emit({
      type: 'unshared-locks',
      file: this.#path,
      problem: `${other} has the file open, and locks in memory do not exclude it; use locks: 'database' on both, or one adapter for all`,
    })
  }
}
