import { PersistenceError } from '../errors/persistence-error.js'
import type { Clock } from '../time/clock.js'
import { fileIdentity } from './file-identity.js'
import { FileWatch } from './file-watch.js'
import { registerLibrary } from './library-registry.js'

/** A copy of the SQLite library, and the name of the engine that brings it. */
export interface EngineLibrary {
  readonly library: unknown
  readonly engine: string
}

/** The file under a connection while that is open: no other copy of SQLite may have it, and its name must still find it. */
export class OpenFile {
  readonly #leaveRegistry: () => void
  readonly #watch: FileWatch

  private constructor(leaveRegistry: () => void, watch: FileWatch) {
    this.#leaveRegistry = leaveRegistry
    this.#watch = watch
  }

  /**
   * @param onLost Called once when another file, or none, has the name.
   * @throws PersistenceError `SECOND_LIBRARY`, or `FILE_REPLACED` when there is no file of that name already.
   */
  static async enter(
    path: string,
    { library, engine }: EngineLibrary,
    clock: Clock,
    onLost: (reason: PersistenceError) => void,
  ): Promise<OpenFile> {
    const identity = await fileIdentity(path)
    if (identity === undefined) {
      throw new PersistenceError(
        'FILE_REPLACED',
        'connect',
        `connect: the database file ${path} was deleted after the handle was opened; open it again`,
      )
    }
    const leaveRegistry = registerLibrary(identity, library, engine, path)
    return new OpenFile(leaveRegistry, new FileWatch(path, identity, clock, onLost))
  }

  stopWatching(): void {
    this.#watch.stop()
  }

  /** To be called when the engine has closed the file, not before. */
  leave(): void {
    this.#leaveRegistry()
  }
}
