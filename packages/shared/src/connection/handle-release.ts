import { failureOf } from '../errors/failure-of.js'
import { PersistenceError } from '../errors/persistence-error.js'
import type { CloseOptions, OperationQueue } from '../queue/operation-queue.js'
import type { ConnectionDialect, Place } from './place.js'

/** Ends a connection's use of a handle: closes it, or leaves it to the app with its original settings. */
export class HandleRelease {
  readonly #ping: () => unknown
  readonly #queue: OperationQueue
  readonly #place: Place
  readonly #dialect: ConnectionDialect
  /** Whether the last {@link run} failed. It may be retried. */
  failed = false

  /** @param queue The queue of the handle. @param ping Queries the handle directly, because the queue may have ended. */
  constructor(ping: () => unknown, queue: OperationQueue, place: Place, dialect: ConnectionDialect) {
    this.#ping = ping
    this.#queue = queue
    this.#place = place
    this.#dialect = dialect
  }

  /** @throws PersistenceError when the handle cannot be closed. */
  async run({ keepHandle = false }: CloseOptions): Promise<void> {
    this.failed = false
    try {
      if (keepHandle) await this.#place.restoreHandle()
      await this.#queue.close({ keepHandle, split: this.#place.split })
    } catch (error) {
      const reason = failureOf(this.#dialect.classify(error, 'disconnect'), 'disconnect')
      // If the app has already closed its handle, there is nothing to close and no failure.
      if (reason.code !== 'CLOSED') {
        this.#stayOpen()
        this.failed = true
        // The app continues to use its handle. It needs to know why the handle was not closed.
        await this.#place.restoreHandle().catch(() => undefined)
        throw reason.code === 'BUSY' ? handleInUse(error) : reason
      }
    }
    // Whether the app has closed the handle since is checked when the next connection enters the place.
    if (keepHandle) this.#stayOpen()
    else this.#place.closed()
  }

  /** Keeps the database registered as open until the app closes the handle; a garbage-collected handle counts as closed. */
  #stayOpen(): void {
    const reference = new WeakRef(this)
    this.#place.leftOpen(async () => {
      const release = reference.deref()
      return release !== undefined && (await release.#isHandleOpen())
    })
  }

  /** Returns whether the handle is open. */
  async #isHandleOpen(): Promise<boolean> {
    try {
      await this.#ping()
      return true
    } catch (error) {
      return this.#dialect.classify(error, 'disconnect').code !== 'CLOSED'
    }
  }
}

/** Engines refuse to close a handle while the app has active statements. */
function handleInUse(cause: unknown): PersistenceError {
  return new PersistenceError(
    'SQL',
    'disconnect',
    'disconnect: the handle stays open, because the app has statements on it; finalize them and disconnect again, or pass closeOnDisconnect: false',
    cause,
  )
}
