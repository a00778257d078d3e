import type { SqlValue } from '@go-go-scope/persistence-core/dialect'
import { endedSql } from '../sql/error-codes.js'
import { ConnectionEnds, type Hooks } from './connection-ends.js'
import { within } from './deadline.js'
import { GivenBack } from './given-back.js'
import { type RawRows, RowReader, type Transforms } from './postgres-js-rows.js'
import { type ListensLike, ReservedWire } from './reserved.js'
import { Terminations } from './terminations.js'

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
  /** Ends the connections that are there. Not documented. */
  close?(): PromiseLike<unknown>
  /** It looks into them each time that it does something, so they can be changed. */
  readonly options?: object
}

/** Seconds that the end of the others may take where a connection was lost, or did not come. */
const CLOSING_S = 1
/** The same where the app ends its `sql`, whose statements may be under way. */
const APPS_CLOSING_S = 5

interface Waiting {
  resolve(reserved: ReservedLike): void
  reject(error: unknown): void
}

/** One for each `sql`, whose hooks stay: it may see many adapters come and go. */
const made = new WeakMap<PostgresJsLike, Reservations>()

/** Reserves connections of an `sql`, which would lose one that ends while it is reserved, and waits for it for ever. */
export class Reservations {
  readonly #sql: PostgresJsLike
  readonly #rows: RowReader
  readonly #connections: ConnectionEnds
  readonly #held = new Map<ReservedWire, ReservedLike>()
  readonly #terminations = new Terminations()
  /** Those who wait for a connection. The next that comes is for the first, whoever asked for it. */
  readonly #waiting: Waiting[] = []
  readonly #givenBack = new GivenBack()
  /** Of connections, while somebody waited, since it was asked again. */
  #ends = 0
  /** Connections that were asked for, and have not come. */
  #asking = 0
  /** Whether one was lost, of which the library may have kept the statement that was under way. */
  #lostOne = false
  /** Whether `sql.end` was called, by the app or here. */
  #ending = false

  static of(sql: PostgresJsLike): Reservations {
    const reservations = made.get(sql) ?? new Reservations(sql)
    made.set(sql, reservations)
    return reservations
  }

  private constructor(sql: PostgresJsLike) {
    this.#sql = sql
    const hooks: Hooks & { readonly transform?: Transforms } = sql.options ?? {}
    this.#rows = new RowReader(hooks.transform)
    this.#connections = new ConnectionEnds(hooks, () => {
      this.#terminations.look()
      // When the library has given its place to the first that waits, and may have forgotten that one.
      if (this.#waiting.length > 0 && ++this.#ends === 1) setImmediate(() => this.#askAgain())
    })
    const { end } = sql
    sql.end = (options) => this.#endBy(end, options)
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
      async (broken) => {
        this.#leave(wire, broken)
        await left?.()
      },
    )
    this.#held.set(wire, reserved)
    try {
      const answer = await this.#connections.follow(wire, (question) => send(question, [], false))
      wire.backend = (answer as { state?: { pid?: number } }).state?.pid
    } catch (error) {
      wire.failed(error)
      // Not waited for: the caller needs this error.
      void wire.close(false).catch(() => undefined)
      throw error
    }
    return wire
  }

  #leave(wire: ReservedWire, broken: boolean): void {
    const reserved = this.#held.get(wire)
    this.#held.delete(wire)
    if (broken && !wire.lost && !this.#ending) {
      this.#lostOne = true
      const send = async (sql: string) => reserved?.unsafe(sql, [], { prepare: false })
      this.#terminations.begin(wire, send, () => this.#connections.forget(wire))
      return
    }
    this.#connections.forget(wire)
    this.#lostOne ||= wire.lostStatement
    if (!wire.lost) this.#giveBack(reserved)
  }

  #giveBack(reserved: ReservedLike | undefined): void {
    if (reserved === undefined) return
    this.#givenBack.add(reserved, () => {
      this.#lostOne = true
    })
  }

  /** The app waits until no statement runs any more, as the library promises it: what is reserved is given back then. */
  async #letGo(): Promise<void> {
    this.#ending = true
    for (const waiting of this.#waiting.splice(0)) waiting.reject(endedSql())
    const giveBack = async (wire: ReservedWire, reserved: ReservedLike): Promise<void> => {
      await wire.idle()
      if (!this.#held.delete(wire) || wire.lost) return
      wire.lost = true
      this.#giveBack(reserved)
    }
    await Promise.all([...this.#held].map(([wire, reserved]) => giveBack(wire, reserved)))
  }

  /**
   * What the app gets as `sql.end`. That of the library waits for ever where the server has ended a connection with a statement under
   * way, unless it is limited, which ends statements of the app's too.
   */
  async #endBy(end: PostgresJsLike['end'], options: { timeout: number } | undefined): Promise<unknown> {
    const letGo = this.#letGo()
    // The library's default is null.
    if ((options?.timeout ?? null) !== null) return end(options)
    await letGo
    const isSilent = await this.#givenBack.isSilent(CLOSING_S * 1_000)
    const ended = await within<boolean>(CLOSING_S * 1_000, this.#terminations.allEnded(), async () => false)
    const endsByItself = !isSilent && ended && (!this.#lostOne || (await this.#forgets()))
    return end(endsByItself ? undefined : { timeout: APPS_CLOSING_S })
  }

  /**
   * Whether the library has forgotten what was under way on lost connections, as it does where their places in the pool serve again.
   * Some never do.
   */
  #forgets(): Promise<boolean> {
    const { max = 1 } = (this.#sql.options ?? {}) as { max?: number }
    const answers = () => Promise.allSettled(Array.from({ length: max }, () => this.#sql.unsafe('SELECT 1')))
    // The first statement of such a place may get the error of the one that was lost.
    const twice = answers().then(answers)
    const answered = twice.then((all) => all.every(({ status }) => status === 'fulfilled'))
    return within(CLOSING_S * 1_000, answered, async () => false)
  }

  /**
   * Who waits for a connection while one ends gets the next that is made; but the library forgets it where it looks for types
   * over that, and keeps the connection. So for each end it is asked once more, and what comes too often goes back at once.
   */
  async #reserve(): Promise<ReservedLike> {
    this.#asking++
    try {
      // An `sql` that has ended refuses a statement, and would never answer who reserves a connection. Nor would one that
      // looks for no types, unless it has a connection.
      await this.#sql.unsafe('SELECT 1')
      if (this.#ending) throw this.#tooLate()
      return await new Promise((resolve, reject) => {
        this.#waiting.push({ resolve, reject })
        this.#ask()
      })
    } catch (error) {
      this.#lostOne = true
      throw error
    } finally {
      this.#asking--
    }
  }

  /** What was queued when `sql.end` was called may come by a connection that is made behind it, and which nobody would end. */
  #tooLate(): Error {
    void Promise.resolve(this.#sql.close?.()).catch(() => undefined)
    return endedSql()
  }

  #ask(): void {
    this.#sql.reserve().then(
      (reserved) => {
        const first = this.#waiting.shift()
        if (first === undefined) this.#giveBack(reserved)
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

  /** @param own Nobody else uses the `sql`. */
  async end(own = false): Promise<void> {
    const isSilent = own || (await this.#givenBack.isSilent(CLOSING_S * 1_000))
    // It waits for ever for who waits for a connection that cannot be made, unless that is limited.
    const limited = isSilent || this.#lostOne || this.#asking > 0
    await this.#sql.end(limited ? { timeout: CLOSING_S } : undefined)
  }
}
