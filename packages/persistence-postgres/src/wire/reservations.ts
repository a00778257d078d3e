import { randomUUID } from 'node:crypto'
import type { SqlValue } from '@go-go-scope/persistence-core/dialect'
import { type RawRows, RowReader, type Transforms } from './postgres-js-rows.js'
import { type ListensLike, ReservedWire } from './reserved.js'

/** One connection of `postgres`, taken from its pool. */
export interface ReservedLike {
  unsafe(
    sql: string,
    parameters: never[],
    options: { prepare: boolean },
  ): PromiseLike<readonly unknown[]> & { raw(): PromiseLike<readonly unknown[]> }
  release(): unknown
}

/** The few methods of an `sql` of `postgres` (postgres.js) that are used here. */
export interface PostgresJsLike extends ListensLike {
  reserve(): PromiseLike<ReservedLike>
  end(options?: { timeout: number }): PromiseLike<unknown>
  unsafe(sql: string, parameters?: never[]): PromiseLike<readonly unknown[]>
  /** It looks into them each time that it does something, so they can be changed. */
  readonly options?: object
}

/** Seconds that the end of the others may take where a connection was lost, or did not come. */
export const CLOSING_S = 1

/** The options by which an `sql` tells of its connections, each by a number. */
interface Hooks {
  /** Before a statement is sent; or whether to keep stacks. */
  debug?: unknown
  onclose?: ((id: number) => void) | undefined
  readonly transform?: Transforms
}

interface Waiting {
  resolve(reserved: ReservedLike): void
  reject(error: unknown): void
}

/** One for each `sql`, whose hooks stay: it may see many adapters come and go. */
const made = new WeakMap<PostgresJsLike, Reservations>()

/**
 * Reserves connections of an `sql`, and hears of their ends: the library would write to a reserved one that has ended,
 * which ends the process, and would lose its place in the pool.
 */
export class Reservations {
  readonly #sql: PostgresJsLike
  readonly #hooks: Hooks
  readonly #rows: RowReader
  readonly #wires = new Map<number, ReservedWire>()
  /** Statements that are sent to find out which connection has them. */
  readonly #questions = new Map<string, ReservedWire>()
  /** Those who wait for a connection. The next that comes is for the first, whoever asked for it. */
  readonly #waiting: Waiting[] = []
  /** Of connections, while somebody waited, since it was asked again. */
  #ends = 0
  #lostOne = false
  /** The app's hook, while ours is in its place. */
  #debug: unknown

  static of(sql: PostgresJsLike): Reservations {
    const reservations = made.get(sql) ?? new Reservations(sql)
    made.set(sql, reservations)
    return reservations
  }

  private constructor(sql: PostgresJsLike) {
    this.#sql = sql
    this.#hooks = sql.options ?? {}
    this.#rows = new RowReader(this.#hooks.transform)
    const { onclose } = this.#hooks
    this.#hooks.onclose = (id) => {
      const wire = this.#wires.get(id)
      if (wire !== undefined) wire.lost = true
      onclose?.(id)
      // When the library has given its place to the first that waits, and may have forgotten that one.
      if (this.#waiting.length > 0 && ++this.#ends === 1) setImmediate(() => this.#askAgain())
    }
  }

  /** @param left Called when the connection was left. */
  async take(left?: () => Promise<void>): Promise<ReservedWire> {
    const reserved = await this.#reserve()
    const send = (text: string, parameters: readonly SqlValue[], prepare: boolean) =>
      reserved.unsafe(text, [...parameters] as never[], { prepare })
    const wire = new ReservedWire(
      {
        run: async (text, parameters, prepare) =>
          this.#rows.rowsOf(text, (await send(text, parameters, prepare).raw()) as unknown as RawRows),
        query: (text, parameters) => send(text, parameters, false),
      },
      async (lost) => {
        for (const [id, one] of this.#wires) if (one === wire) this.#wires.delete(id)
        if (lost) this.#lostOne = true
        else reserved.release()
        await left?.()
      },
    )
    await this.#follow(wire)
    return wire
  }

  /**
   * Who waits for a connection while one ends gets the next that is made; but the library forgets it where it looks for types
   * over that, and keeps the connection. So for each end it is asked once more, and what comes too often goes back at once.
   */
  #reserve(): Promise<ReservedLike> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
      this.#ask()
    })
  }

  #ask(): void {
    this.#sql.reserve().then(
      (reserved) => {
        const first = this.#waiting.shift()
        if (first === undefined) reserved.release()
        else first.resolve(reserved)
      },
      (error: unknown) => this.#waiting.shift()?.reject(error),
    )
  }

  #askAgain(): void {
    const asks = Math.min(this.#ends, this.#waiting.length)
    this.#ends = 0
    for (let left = asks; left > 0; left--) this.#ask()
  }

  async end(): Promise<void> {
    // It waits for ever for the statement that was under way on a connection that has ended, and for who waits for one
    // that cannot be made, unless that is limited.
    const limited = this.#lostOne || this.#waiting.length > 0
    await this.#sql.end(limited ? { timeout: CLOSING_S } : undefined)
  }

  /** Only the hook for statements says which connection it is. While it is there, the library keeps a stack of each statement. */
  async #follow(wire: ReservedWire): Promise<void> {
    const question = `SELECT 1 AS "${randomUUID()}"`
    if (this.#questions.size === 0) this.#hook()
    this.#questions.set(question, wire)
    try {
      await wire.query(question, [])
    } catch (error) {
      await wire.close()
      throw error
    } finally {
      this.#questions.delete(question)
      if (this.#questions.size === 0) this.#hooks.debug = this.#debug
    }
  }

  #hook(): void {
    const { debug } = this.#hooks
    this.#debug = debug
    this.#hooks.debug = (id: number, text: string, ...rest: unknown[]): void => {
      const asking = this.#questions.get(text)
      if (asking !== undefined) this.#wires.set(id, asking)
      else if (typeof debug === 'function') debug(id, text, ...rest)
    }
  }
}
