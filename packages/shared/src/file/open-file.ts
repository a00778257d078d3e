import { PersistenceError } from '../errors/persistence-error.js'
import type { Clock } from '../time/clock.js'
import { fileIdentity } from './file-identity.js'
import { type FileOwner, FileWatch } from './file-watch.js'
import { type EngineLibrary, type Registration, registerLibrary } from './library-registry.js'

/** The file under a connection while that is open: no other copy of SQLite may have it, and its name must still find it. */
export class OpenFile {
  /** The same for every name that the file has. */
  readonly identity: string
  readonly #registration: Registration
  readonly #watch: FileWatch

  private constructor(identity: string, registration: Registration, watch: FileWatch) {
    this.identity = identity
    this.#registration = registration
    this.#watch = watch
  }

  /**
   * @throws PersistenceError `SECOND_LIBRARY`, or `FILE_REPLACED` when there is no file of that name already.
   */
  static async enter(path: string, library: EngineLibrary, clock: Clock, owner: FileOwner): Promise<OpenFile> {
    const identity = await fileIdentity(path)
    if (identity === undefined) {
      throw new PersistenceError(
        'FILE_REPLACED',
        'connect',
        `connect: the database file ${path} was deleted after the handle was opened; open it again`,
      )
    }
    const registration = await registerLibrary(identity, library, path)
    return new OpenFile(identity, registration, new FileWatch(path, identity, clock, owner))
  }

  /** Whether adapters of this thread use the file through other connections too. */
  get shared(): boolean {
    return this.#registration.shared
  }

  stopWatching(): void {
    this.#watch.stop()
  }

  /** To be called when the engine has closed the file, not before. */
  leave(): void {
    this.#registration.leave()
  }

  /** The handle stays open in the app's hands. @param isOpen Whether it still is; asked for when another library comes. */
  leaveOpen(isOpen: () => Promise<boolean>): void {
    this.#registration.leaveOpen(isOpen)
  }
}
