import { isFailedTransaction } from '../sql/error-codes.js'
import { within } from './deadline.js'
import type { Source, Wire } from './wire.js'

// `now()` is when the transaction began.
const TRANSACTION_START = 'SELECT now()::text AS start'

/** Makes connections of a source, each within a time, and outside of a transaction. */
export class Connector {
  readonly #source: Source
  readonly #timeout: number
  /** Those that were asked for, have not come, and nobody waits for any more. */
  readonly #late = new Set<Promise<Wire>>()

  /** @param timeout ms. */
  constructor(source: Source, timeout: number) {
    this.#source = source
    this.#timeout = timeout
  }

  async connect(): Promise<Wire> {
    await this.#source.started
    const connecting = this.#takeLate() ?? this.#newConnection()
    return within(this.#timeout, connecting, async () => {
      this.#leave(connecting)
      throw new Error('no connection came in time: the pool has none to give, or the server does not answer')
    })
  }

  /** A pool's queue would grow with each try while it has nothing to give: nobody can leave it. */
  #takeLate(): Promise<Wire> | undefined {
    if (this.#source.pooled !== true) return undefined
    const [late] = this.#late
    if (late !== undefined) this.#late.delete(late)
    return late
  }

  /** It goes back when it comes, unless it was taken before. */
  #leave(connecting: Promise<Wire>): void {
    this.#late.add(connecting)
    void connecting
      .then(
        (wire) => (this.#late.delete(connecting) ? wire.close(wire.lost) : undefined),
        () => void this.#late.delete(connecting),
      )
      // It is of no concern to anybody that it cannot be given back.
      .catch(() => undefined)
  }

  /** One that the app has forgotten to end would take with it what we write. */
  async #newConnection(): Promise<Wire> {
    const wire = await this.#source.connect()
    try {
      if (this.#source.pooled === true && (await isInTransaction(wire))) await wire.run('ROLLBACK', [], undefined)
      return wire
    } catch (error) {
      await wire.close(true)
      throw error
    }
  }
}

/**
 * Whether a connection is in a transaction: by when it began, which is another time for each statement outside of one.
 * Nobody is warned by that, and nothing is logged.
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
