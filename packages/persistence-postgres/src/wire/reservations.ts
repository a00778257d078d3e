import type { SqlValue } from '@go-go-scope/persistence-core/dialect'
import { endedSql } from '../sql/error-codes.js'
import { ConnectionEnds, type Hooks } from './connection-ends.js'
import { within } from './deadline.js'
import { PendingReleases } from './pending-releases.js'
import { type RawRows, RowReader } from './postgres-js-rows.js'
import { type ListensLike, ReservedWire } from './reserved.js'
import { Terminations } from './terminations.js'
import type { Transforms } from './transforms.js'

/** One connection reserved from the pool of `postgres`. */
export interface ReservedLike {
  unsafe(
    sql: string,
    parameters: never[],
    options: { prepare: boolean },
  ): PromiseLike<readonly unknown[]> & { raw(): PromiseLike<readonly unknown[]> }
  release(): unknown
}

/** The members of an `sql` of `postgres` (postgres.js) that are used here. */
export interface PostgresJsLike extends ListensLike {
  reserve(): PromiseLike<ReservedLike>
  end(options?: { timeout: number }): PromiseLike<unknown>
  unsafe(sql: string, parameters?: never[]): PromiseLike<readonly unknown[]>
  /** Ends the existing connections. Undocumented. */
  close?(): PromiseLike<unknown>
  /** The library reads them at each use, so they can be changed. */
  readonly options?: object
}

/** Time limit for ending the other connections after one was lost or did not arrive, in seconds. */
const CLOSING_S = 1
/** The same, in seconds, when the app ends its `sql`, because statements of the app may be in flight. */
const APPS_CLOSING_S = 5

interface Waiting {
  resolve(reserved: ReservedLike): void
  reject(error: unknown): void
}

/** One object per `sql`, because its hooks stay in place while adapters come and go. */
const made = new WeakMap<PostgresJsLike, Reservations>()

/** Reserves connections of an `sql`. The library itself loses a reserved connection that ends and waits for it forever. */
export class Reservations {
  readonly #sql: PostgresJsLike
  readonly #rows: RowReader
  readonly #connections: ConnectionEnds
  readonly #held = new Map<ReservedWire, ReservedLike>()
  readonly #terminations = new Terminations()
  /** Callers that wait for a connection. The next one that arrives goes to the first caller, whoever requested it. */
  readonly #waiting: Waiting[] = []
  readonly #pendingReleases = new PendingReleases()
  /** Connections that ended while a caller waited, since the last repeated request. */
  #ends = 0
  /** Requested connections that have not arrived. */
  #asking = 0
  /** Whether a connection was lost. The library may still hold the statement that was in flight on it. */
  #lostOne = false
  /** Whether `sql.end` was called, by the app or by this class. */
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
      // Later, when the library has given the free slot to the first waiting request and may have lost that request.
      if (this.#waiting.length > 0 && ++this.#ends === 1) setImmediate(() => this.#askAgain())
    })
    const { end } = sql
    sql.end = (options) => this.#endBy(end, options)
  }

  /** Reserves a connection. @param left Called when the connection was released. */
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
      // Not awaited: the caller needs this error now.
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
    if (!wire.lost) this.#release(reserved)
  }

  #release(reserved: ReservedLike | undefined): void {
    if (reserved === undefined) return
    this.#pendingReleases.add(reserved, () => {
      this.#lostOne = true
    })
  }

  /** Releases the reserved connections once their statements have ended, as the library promises for `sql.end`. */
  async #releaseAll(): Promise<void> {
    this.#ending = true
    for (const waiting of this.#waiting.splice(0)) waiting.reject(endedSql())
    const releaseIdle = async (wire: ReservedWire, reserved: ReservedLike): Promise<void> => {
      await wire.idle()
      if (!this.#held.delete(wire) || wire.lost) return
      wire.lost = true
      this.#release(reserved)
    }
    await Promise.all([...this.#held].map(([wire, reserved]) => releaseIdle(wire, reserved)))
  }

  /**
   * Replaces the app's `sql.end`. The library's own waits forever if the server ended a connection with a statement in flight.
   * A time limit avoids that, but it also ends statements of the app.
   */
  async #endBy(end: PostgresJsLike['end'], options: { timeout: number } | undefined): Promise<unknown> {
    const released = this.#releaseAll()
    // The library's default is `null`.
    if ((options?.timeout ?? null) !== null) return end(options)
    await released
    const isSilent = await this.#pendingReleases.isSilent(CLOSING_S * 1_000)
    const ended = await within<boolean>(CLOSING_S * 1_000, this.#terminations.allEnded(), async () => false)
    const endsByItself = !isSilent && ended && (!this.#lostOne || (await this.#forgets()))
    return end(endsByItself ? undefined : { timeout: APPS_CLOSING_S })
  }

  /**
   * Returns whether the library has dropped the statements that were in flight on lost connections. It does so when their pool
   * slots are used again, which some never are.
   */
  #forgets(): Promise<boolean> {
    const { max = 1 } = (this.#sql.options ?? {}) as { max?: number }
    const answers = () => Promise.allSettled(Array.from({ length: max }, () => this.#sql.unsafe('SELECT 1')))
    // The first statement in such a slot may get the error of the lost one, so each slot runs two.
    const twice = answers().then(answers)
    const answered = twice.then((all) => all.every(({ status }) => status === 'fulfilled'))
    return within(CLOSING_S * 1_000, answered, async () => false)
  }

  /**
   * Reserves a connection. If one ends while a request waits, the library should serve the request with the next connection. But
   * if it queries types on that connection, it drops the request and keeps the connection. So each end repeats the request, and
   * surplus connections are released at once.
   */
  async #reserve(): Promise<ReservedLike> {
    this.#asking++
    try {
      // An ended `sql` rejects a statement but never answers a reservation. With `fetch_types` off, an `sql` without a connection
      // does not answer one either.
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

  /** Ends connections that the library made for queued requests after `sql.end`, which it would leave open. Returns the error. */
  #tooLate(): Error {
    void Promise.resolve(this.#sql.close?.()).catch(() => undefined)
    return endedSql()
  }

  #ask(): void {
    this.#sql.reserve().then(
      (reserved) => {
        const first = this.#waiting.shift()
        if (first === undefined) this.#release(reserved)
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

  /** Ends the `sql`. @param own Whether nothing else uses it. */
  async end(own = false): Promise<void> {
    const isSilent = own || (await this.#pendingReleases.isSilent(CLOSING_S * 1_000))
    // Without a limit, `sql.end` waits forever for requests whose connection cannot be made.
    const limited = isSilent || this.#lostOne || this.#asking > 0
    await this.#sql.end(limited ? { timeout: CLOSING_S } : undefined)
  }
}
