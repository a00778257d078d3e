import type { EngineWait } from '../dialects/sqlite/engine/busy-timeout.js'
import type { OpenFile } from '../dialects/sqlite/file/open-file.js'
import type { SqlDriver } from '../driver/driver.js'
import { classify, codeOf } from '../errors/classify.js'
import { PersistenceError } from '../errors/persistence-error.js'
import type { OperationQueue } from '../queue/operation-queue.js'

/** How a connection ends its use of a handle: closes it, or leaves it to the app as it was. */
export class HandleEnd {
  readonly #driver: SqlDriver
  readonly #queue: OperationQueue
  readonly #engineWait: EngineWait
  /** Whether closing failed, and may be tried again. */
  failed = false

  /** @param queue What runs on the handle. */
  constructor(driver: SqlDriver, queue: OperationQueue, engineWait: EngineWait) {
    this.#driver = driver
    this.#queue = queue
    this.#engineWait = engineWait
  }

  /** @param file The file under the handle. @throws PersistenceError when the handle cannot be closed. */
  async run(file: OpenFile | undefined, keepHandle: boolean): Promise<void> {
    this.failed = false
    try {
      if (keepHandle) await this.#engineWait.putBack()
      await this.#queue.close(keepHandle)
    } catch (error) {
      const reason = classify(error, 'disconnect')
      // That the app has closed its handle already is no failure to close it.
      if (reason.code !== 'CLOSED') {
        this.#stayRegistered(file)
        this.failed = true
        // The app goes on with its handle. What matters to it is why it was not closed.
        await this.#engineWait.putBack().catch(() => undefined)
        throw reason.code === 'BUSY' ? handleInUse(error) : reason
      }
    }
    // One that the app has closed by now is found out when the next user of the file comes.
    if (keepHandle) this.#stayRegistered(file)
    else file?.leave()
  }

  /** The file is open for as long as the app has the handle open; a handle that nobody has any more was closed with it. */
  #stayRegistered(file: OpenFile | undefined): void {
    const left = new WeakRef(this)
    file?.leaveOpen(async () => {
      const end = left.deref()
      return end !== undefined && (await end.#answers())
    })
  }

  /** Whether the handle is open. Asks nothing of the file. */
  async #answers(): Promise<boolean> {
    try {
      await this.#driver.query('SELECT 1', [])
      return true
    } catch (error) {
      return codeOf(error) !== 'CLOSED'
    }
  }
}

/** SQLite refuses to close under statements of the app. */
function handleInUse(cause: unknown): PersistenceError {
  return new PersistenceError(
    'SQL',
    'disconnect',
    'disconnect: the handle stays open, because the app has statements on it; finalize them and disconnect again, or pass closeOnDisconnect: false',
    cause,
  )
}
