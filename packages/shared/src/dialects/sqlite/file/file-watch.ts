import { PersistenceError } from '../../../errors/persistence-error.js'
import type { Clock } from '../../../time/clock.js'
import { fileIdentity } from './file-identity.js'
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
 * process will find again. Looks at the name every second, from a timer that does not keep the process alive; and at the
 * log, and at what else in this process has the file.
 */
export class FileWatch {
  readonly #path: string
  readonly #identity: string
  readonly #clock: Clock
  readonly #owner: FileOwner
  readonly #process: ProcessWatch
  #cancel: (() => void) | undefined
  #stopped = false

  constructor(path: string, identity: string, clock: Clock, owner: FileOwner) {
    this.#path = path
    this.#identity = identity
    this.#clock = clock
    this.#owner = owner
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
    let found: string | undefined
    try {
      found = await fileIdentity(this.#path)
    } catch {
      // A folder that cannot be read now gives no answer about the file; the next look may.
      return this.#schedule()
    }
    if (this.#stopped) return
    if (found === this.#identity) return this.#lookFurther()
    const what = found === undefined ? 'deleted or moved' : 'replaced by another file'
    this.#owner.lost(
      new PersistenceError(
        'FILE_REPLACED',
        'connect',
        `connect: the database file ${this.#path} was ${what} while it was open; make a new adapter to use what is there now`,
      ),
    )
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
