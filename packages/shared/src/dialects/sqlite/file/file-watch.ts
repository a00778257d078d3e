import { PersistenceError } from '../../../errors/persistence-error.js'
import type { Clock } from '../../../time/clock.js'
import { fileIdentity } from './file-identity.js'
import type { ImmutableFile } from './immutable-file.js'
import type { ProcessView } from './process-view.js'
import { ProcessWatch } from './process-watch.js'

const LOOK_EVERY_MS = 1_000

/** What a connection does about its file while it is open. */
export interface FileOwner {
  /** Another file, or none, has the name. Called once. */
  lost(reason: PersistenceError): void
  /** Looks whether the log is still there. Resolves to whether the connection is in WAL mode. */
  logStays(): Promise<boolean>
  /** Something in this process endangers the file. Called once for each problem. */
  unsafe(problem: string): void
}

/**
 * Notices that the file was deleted or replaced while it is open: writes then go on "succeeding" into a file that no
 * process will find again. Notices, too, that a file was changed which is read on the word that nobody changes it. Looks
 * at the name every second, from a timer that does not keep the process alive; and at the log, and at what else in this
 * process has the file.
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

  /** @param immutable The file where it must not change either. */
  constructor(path: string, identity: string, clock: Clock, owner: FileOwner, immutable?: ImmutableFile) {
    this.#path = path
    this.#identity = identity
    this.#clock = clock
    this.#owner = owner
    this.#immutable = immutable
    this.#process = new ProcessWatch(path, owner)
    this.#schedule()
  }

  /** The connection has read the file in WAL mode, and this is what the system told then. */
  attached(view: ProcessView | undefined): void {
    this.#process.attached(view)
  }

  stop(): void {
    this.#stopped = true
    this.#cancel?.()
  }

  #schedule(): void {
    if (!this.#stopped) this.#cancel = this.#clock.setTimer(() => void this.#look(), LOOK_EVERY_MS)
  }

  async #look(): Promise<void> {
    let problem: string | undefined
    try {
      problem = await this.#problem()
    } catch {
      // A folder that cannot be read now gives no answer about the file; the next look may.
      return this.#schedule()
    }
    if (this.#stopped) return
    if (problem === undefined) return this.#lookFurther()
    this.#owner.lost(
      new PersistenceError(
        'FILE_REPLACED',
        'connect',
        `connect: the database file ${this.#path} was ${problem} while it was open; make a new adapter to use what is there now`,
      ),
    )
  }

  /** What happened to the file. */
  async #problem(): Promise<string | undefined> {
    const found = await fileIdentity(this.#path)
    if (found === undefined) return 'deleted or moved'
    return found === this.#identity ? this.#immutable?.change() : 'replaced by another file'
  }

  async #lookFurther(): Promise<void> {
    try {
      if ((await this.#owner.logStays()) && !this.#stopped) await this.#process.look()
    } catch {
      // The engine cannot say now, or the log is lost, which its owner was told.
    }
    this.#schedule()
  }
}
