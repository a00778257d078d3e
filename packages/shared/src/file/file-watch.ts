import { PersistenceError } from '../errors/persistence-error.js'
import type { Clock } from '../time/clock.js'
import { fileIdentity } from './file-identity.js'

const LOOK_EVERY_MS = 1_000

/**
 * Notices that the file was deleted or replaced while it is open: writes then go on "succeeding" into a file that nobody
 * will find again. Looks at the name every second, from a timer that does not keep the process alive.
 */
export class FileWatch {
  readonly #path: string
  readonly #identity: string
  readonly #clock: Clock
  readonly #onLost: (reason: PersistenceError) => void
  #cancel: (() => void) | undefined
  #stopped = false

  constructor(path: string, identity: string, clock: Clock, onLost: (reason: PersistenceError) => void) {
    this.#path = path
    this.#identity = identity
    this.#clock = clock
    this.#onLost = onLost
    this.#schedule()
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
      // A folder that cannot be read now says nothing about the file; the next look may.
      return this.#schedule()
    }
    if (this.#stopped) return
    if (found === this.#identity) return this.#schedule()
    const what = found === undefined ? 'deleted or moved' : 'replaced by another file'
    this.#onLost(
      new PersistenceError(
        'FILE_REPLACED',
        'connect',
        `the database file ${this.#path} was ${what} while it was open; make a new adapter to use what is there now`,
      ),
    )
  }
}
