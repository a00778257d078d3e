import { PersistenceError } from '../../../errors/persistence-error.js'
import type { Clock } from '../../../time/clock.js'
import { fileIdentity } from './file-identity.js'
import type { ImmutableFile } from './immutable-file.js'
import type { ProcessView } from './process-view.js'
import { ProcessWatch } from './process-watch.js'

const CHECK_EVERY_MS = 1_000

/** The file to watch. */
export interface WatchedFile {
  readonly path: string
  readonly identity: string
  /** Set for a file that must not change. */
  readonly immutable: ImmutableFile | undefined
}

/** How a connection reacts to events of its open file. */
export interface FileOwner {
  /** The path leads to another file, or to none. Called once. */
  lost(reason: PersistenceError): void
  /** Checks whether the WAL still exists. Resolves to whether the connection is in WAL mode. */
  checkLog(): Promise<boolean>
  /** Something in this process endangers the file. Called once per problem. */
  unsafe(problem: string): void
}

/**
 * Detects that the file was deleted or replaced while it is open: writes then continue to "succeed" into a file that no process
 * will find again. Also detects a change of a file that the app has declared immutable. Checks the path every second, from a
 * timer that does not keep the process alive, and with it the WAL and the other users of the file in this process.
 */
export class FileWatch {
  readonly #path: string
  readonly #identity: string
  readonly #clock: Clock
  readonly #owner: FileOwner
  readonly #process: ProcessWatch
  readonly #immutable: ImmutableFile | undefined
  #cancel: (() => void) | undefined
  #stopped = false

  constructor({ path, identity, immutable }: WatchedFile, clock: Clock, owner: FileOwner) {
    this.#path = path
    this.#identity = identity
    this.#clock = clock
    this.#owner = owner
    this.#immutable = immutable
    this.#process = new ProcessWatch(path, owner)
    this.#schedule()
  }

  /** Call it when the connection has read the file in WAL mode, with the state of the operating system at that time. */
  attached(view: ProcessView | undefined): void {
    this.#process.attached(view)
  }

  stop(): void {
    this.#stopped = true
    this.#cancel?.()
  }

  #schedule(): void {
    if (!this.#stopped) this.#cancel = this.#clock.setTimer(() => void this.#checkFile(), CHECK_EVERY_MS)
  }

  async #checkFile(): Promise<void> {
    let problem: string | undefined
    try {
      problem = await this.#problem()
    } catch {
      // An unreadable folder gives no answer about the file; the next check may.
      return this.#schedule()
    }
    if (this.#stopped) return
    if (problem === undefined) return this.#checkOtherUsers()
    this.#owner.lost(
      new PersistenceError(
        'FILE_REPLACED',
        'connect',
        `connect: the database file ${this.#path} was ${problem} while it was open; make a new adapter to use what is there now`,
      ),
    )
  }

  /** Returns what happened to the file. */
  async #problem(): Promise<string | undefined> {
    const found = await fileIdentity(this.#path)
    if (found === undefined) return 'deleted or moved'
    return found === this.#identity ? this.#immutable?.change() : 'replaced by another file'
  }

  async #checkOtherUsers(): Promise<void> {
    try {
      if ((await this.#owner.checkLog()) && !this.#stopped) await this.#process.check()
    } catch {
      // The engine cannot answer now, or the WAL is lost, which the owner was notified of.
    }
    this.#schedule()
  }
}
