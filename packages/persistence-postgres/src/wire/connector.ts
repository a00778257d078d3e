import { isFailedTransaction } from '../sql/error-codes.js'
import { within } from './deadline.js'
import type { Source, Wire } from './wire.js'

// `now()` is the start time of the transaction.
const TRANSACTION_START = 'SELECT now()::text AS start'

/** Makes connections within a time limit and makes sure that none is inside a transaction of the app. */
export class Connector {
  readonly #source: Source
  readonly #timeout: number
  /** Requested connections that have not arrived and are no longer awaited. */
  readonly #late = new Set<Promise<Wire>>()

  /** @param timeout ms within which a connection must be made. */
  constructor(source: Source, timeout: number) {
    this.#source = source
    this.#timeout = timeout
  }

  async connect(): Promise<Wire> {
    await this.#source.started
    const connecting = this.#takeLate() ?? this.#newConnection()
    return within(this.#timeout, connecting, async () => {
      this.#leave(connecting)
      throw new Error('no connection came in time: the pool has none, or the server does not answer')
    })
  }

  /** Returns an earlier request of a pool, if there is one. A request cannot be cancelled, so each try would add one more. */
  #takeLate(): Promise<Wire> | undefined {
    if (this.#source.pooled !== true) return undefined
    const [late] = this.#late
    if (late !== undefined) this.#late.delete(late)
    return late
  }

  /** Releases the connection when it arrives, unless a later try has claimed it. */
  #leave(connecting: Promise<Wire>): void {
    this.#late.add(connecting)
    void connecting
      .then(
        (wire) => (this.#late.delete(connecting) ? wire.close(wire.lost) : undefined),
        () => void this.#late.delete(connecting),
      )
      // No caller is affected if the release fails.
      .catch(() => undefined)
  }

  /** Refuses a connection with an open transaction of the app: its rollback would undo our writes. */
  async #newConnection(): Promise<Wire> {
    const wire = await this.#source.connect()
    try {
      if (this.#source.pooled === true && (await isInTransaction(wire))) await wire.run('ROLLBACK', [], undefined)
      return wire
    } catch (error) {
      // The caller needs the error of the connection.
      await wire.close(true).catch(() => undefined)
      throw error
    }
  }
}

/**
 * Returns whether a connection is in a transaction. Outside of one, each statement has another start time. This check causes no
 * warning and no log entry on the server.
 */
async function isInTransaction(wire: Wire): Promise<boolean> {
  try {
    const [first] = await wire.run(TRANSACTION_START, [], undefined)
    const [second] = await wire.run(TRANSACTION_START, [], undefined)
    return first?.start === second?.start
  } catch (error) {
    if (isFailedTransaction(error)) return true
    throw error
  }
}
