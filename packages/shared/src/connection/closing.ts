import { PersistenceError } from '../errors/persistence-error.js'
import type { OperationQueue } from '../queue/operation-queue.js'
import type { ConnectionDialect, Place } from './place.js'

/** How a connection ends its use of a handle: closes it, or leaves it to the app as it was. */
export class Closing {
  readonly #ask: () => unknown
  readonly #queue: OperationQueue
  readonly #place: Place
  readonly #dialect: ConnectionDialect
  /** Whether closing failed, and may be tried again. */
  failed = false

  /** @param queue What runs on the handle. @param ask Asks the handle something, past the queue, which may have ended. */
  constructor(ask: () => unknown, queue: OperationQueue, place: Place, dialect: ConnectionDialect) {
    this.#ask = ask
    this.#queue = queue
    this.#place = place
    this.#dialect = dialect
  }

  /** @throws PersistenceError when the handle cannot be closed. */
  async run(keepHandle: boolean): Promise<void> {
    this.failed = false
    try {
      if (keepHandle) await this.#place.restoreHandle()
      await this.#queue.close(keepHandle)
    } catch (error) {
      const reason = this.#dialect.classify(error, 'disconnect')
      // That the app has closed its handle already is no failure to close it.
      if (reason.code !== 'CLOSED') {
        this.#stayOpen()
        this.failed = true
        // The app goes on with its handle. What matters to it is why it was not closed.
        await this.#place.restoreHandle().catch(() => undefined)
        throw reason.code === 'BUSY' ? handleInUse(error) : reason
      }
    }
    // Whether the app has closed the handle since then is asked when the next connection enters the place.
    if (keepHandle) this.#stayOpen()
    else this.#place.closed()
  }

  /** The database is open for as long as the app has the handle open; a handle that was collected is closed. */
  #stayOpen(): void {
    const left = new WeakRef(this)
    this.#place.leftOpen(async () => {
      const closing = left.deref()
      return closing !== undefined && (await closing.#answers())
    })
  }

  /** Whether the handle is open. */
  async #answers(): Promise<boolean> {
    try {
      await this.#ask()
      return true
    } catch (error) {
      return this.#dialect.classify(error, 'disconnect').code !== 'CLOSED'
    }
  }
}

/** Engines refuse to close under statements of the app. */
function handleInUse(cause: unknown): PersistenceError {
  return new PersistenceError(
    'SQL',
    'disconnect',
    'disconnect: the handle stays open, because the app has statements on it; finalize them and disconnect again, or pass closeOnDisconnect: false',
    cause,
  )
}
