import { createHash } from 'node:crypto'
import {
  type AsyncDriver,
  type AsyncStatement,
  PersistenceError,
  type PersistenceErrorCode,
  type Row,
  type SqlValue,
} from '@go-go-scope/persistence-core/dialect'
import type { Listen } from '../notifications/postgres-notifications.js'
import { endsConnection, hasStalePlan, sqlStateOf, undone } from '../sql/error-codes.js'
import { TRANSACTION } from '../sql/transaction.js'
import { Connector } from './connector.js'
import { within } from './deadline.js'
import { knownBackend, SilenceWatch } from './silence-watch.js'
import { ConnectionLost, type Source, type Wire } from './wire.js'

// SQLSTATE codes of a pooler that keeps no prepared statements or has given the session to another client meanwhile.
const NOT_PREPARED: ReadonlySet<string | undefined> = new Set(['26000', '42P05'])
const SHORTEST_ANSWER_TIMEOUT_MS = 1_000
const NOT_WAITED_FOR: ReadonlySet<PersistenceErrorCode> = new Set(['ENGINE_UNSUPPORTED', 'INVALID_ARGUMENT'])
// The server is no longer the primary. A new connection finds its successor.
const READ_ONLY = '25006'

/** Whether connections keep prepared statements. `auto`: until a pooler turns out to drop them. */
export type Prepare = 'auto' | boolean

type Run = (parameters: readonly SqlValue[]) => Promise<Row[]>

/** Checks a connection. @throws PersistenceError if it must not be used. */
type Check = (ask: (sql: string) => Promise<Row[]>) => Promise<void>

export interface ReconnectingDriverOptions {
  /** ms within which a connection must be made, and after which a silent server is asked whether the statement runs. */
  readonly answerTimeout: number
  readonly prepare: Prepare
  /** Absent if the client library cannot listen. */
  readonly listen?: Listen | undefined
  /** Checks the settings of `listen` without connecting. @throws PersistenceError if they cannot be used. */
  readonly checkListen?: (() => Promise<void>) | undefined
}

/**
 * A driver with one connection at a time and one statement in flight. It connects at its first statement, and again at the next
 * statement after the connection was lost. It retries nothing, because only the queue knows what may be repeated.
 */
export class ReconnectingDriver implements AsyncDriver {
  readonly synchronous = false
  readonly engine: string
  readonly library: unknown = undefined
  readonly secondConnection?: () => AsyncDriver
  readonly #source: Source
  readonly #answerTimeout: number
  readonly #main: boolean
  readonly #connector: Connector
  readonly #watch: SilenceWatch
  /** See {@link Source}. */
  readonly identity: string | undefined
  /** Listens on another connection. */
  readonly listen: Listen | undefined
  /** See {@link ReconnectingDriverOptions}. */
  readonly checkListen: (() => Promise<void>) | undefined
  #open: Wire | undefined
  /** The backend's process id, by which another connection can ask about it. */
  #backend: number | undefined
  #alsoEnds: Promise<void> | undefined
  /** Shared with the main driver. */
  readonly #checks: { check?: Check }
  readonly #learns: boolean
  #prepares: boolean
  /** Whether our transaction has begun, and neither COMMIT nor ROLLBACK was sent. */
  #transacting = false
  /** How often statements had to be prepared again, under other names. */
  #renewals = 0

  /** @param main The driver that this one accompanies. Closing the main driver ends the source. */
  constructor(source: Source, options: ReconnectingDriverOptions, main?: ReconnectingDriver) {
    this.#source = source
    this.#checks = main === undefined ? {} : main.#checks
    // A caller that does not wait for locks still needs time to connect.
    this.#answerTimeout = Math.max(SHORTEST_ANSWER_TIMEOUT_MS, options.answerTimeout)
    this.#main = main === undefined
    this.listen = options.listen
    this.checkListen = options.checkListen
    this.#learns = options.prepare === 'auto'
    this.#prepares = options.prepare !== false
    this.#connector = new Connector(source, this.#answerTimeout)
    this.#watch = new SilenceWatch(this.#answerTimeout, () => this.#connector.connect())
    this.engine = source.engine
    this.identity = source.identity
    if (source.several) this.secondConnection = () => new ReconnectingDriver(source, options, this)
  }

  query(sql: string, parameters: readonly SqlValue[], ofApp = false): Promise<Row[]> {
    return ofApp
      ? this.#use(undefined, (wire) => wire.query(sql, parameters))
      : this.#use(sql, (wire) => wire.run(sql, parameters, undefined))
  }

  async prepare(sql: string): Promise<AsyncStatement> {
    const name = `ggs_${createHash('sha256').update(sql).digest('hex').slice(0, 32)}`
    const { begin, commit, rollback } = TRANSACTION
    // The app's transactions use the same texts, so these cannot identify a statement as ours.
    const own = sql === begin || sql === commit || sql === rollback ? undefined : sql
    const run = (parameters: readonly SqlValue[]): Promise<Row[]> =>
      this.#use(own, (wire) => wire.run(sql, parameters, this.#prepares ? `${name}_${this.#renewals}` : undefined))
    return {
      all: sql === begin ? () => this.#begin(run) : sql === commit || sql === rollback ? () => this.#end(run) : run,
      // The connection keeps the prepared statement for the next adapter.
      finalize: async () => undefined,
    }
  }

  /** Sets a check for every new connection, because a failover may lead to a server that cannot keep the promises. */
  checksEach(check: Check): void {
    this.#checks.check = check
  }

  /** Makes {@link leave} also wait for another user of the source's connections. @param end Never rejects. */
  alsoEnds(end: Promise<void>): void {
    this.#alsoEnds = end
  }

  async leave(): Promise<void> {
    const open = this.#open
    this.#open = undefined
    await open?.close(open.lost)
    // Last, because the app's pool may have only this one connection, and the other user waits for it.
    await this.#alsoEnds
  }

  async close(): Promise<void> {
    await this.leave()
    if (this.#main) await this.#source.end()
  }

  async #begin(run: Run): Promise<Row[]> {
    const rows = await run([]).catch((error: unknown) => Promise.reject(undone(error)))
    this.#transacting = true
    return rows
  }

  async #end(run: Run): Promise<Row[]> {
    try {
      return await run([])
    } finally {
      this.#transacting = false
    }
  }

  /** @param text See {@link SilenceWatch.answered}. */
  async #use(text: string | undefined, run: (wire: Wire) => Promise<Row[]>): Promise<Row[]> {
    const open = this.#open
    const wire = open !== undefined && !open.lost ? open : await this.#connected()
    try {
      const answer = run(wire)
      return await (this.#source.several ? this.#watch.answered(this.#backend, text, answer) : answer)
    } catch (error) {
      const state = sqlStateOf(error)
      if (error instanceof ConnectionLost || wire.lost || endsConnection(error)) {
        this.#drop(wire)
        throw error instanceof ConnectionLost ? error : new ConnectionLost(error, true)
      }
      if (this.#learns && NOT_PREPARED.has(state)) this.#prepares = false
      if (hasStalePlan(error)) this.#renewals++
      if (state === READ_ONLY) this.#drop(wire)
      throw error
    }
  }

  async #connected(): Promise<Wire> {
    if (this.#open !== undefined) this.#drop(this.#open)
    // On another connection a statement would run outside the transaction, and its COMMIT would succeed.
    if (this.#transacting) throw new ConnectionLost(new Error('the connection ended within a transaction'), false)
    try {
      this.#open = await this.#checked(await this.#connector.connect())
      return this.#open
    } catch (error) {
      // Retrying does not help until the server or the app is changed.
      if (error instanceof PersistenceError && NOT_WAITED_FOR.has(error.code)) throw error
      throw new ConnectionLost(error, false)
    }
  }

  /** Checks a new connection. The connector does not, because asking whether a statement runs needs no check. */
  async #checked(wire: Wire): Promise<Wire> {
    const checking = async (): Promise<void> => {
      await this.#checks.check?.((sql) => wire.run(sql, [], undefined))
      this.#backend = this.#source.several ? await knownBackend(wire) : undefined
    }
    try {
      await within(this.#answerTimeout, checking(), () => Promise.reject(new Error('the server does not answer')))
      return wire
    } catch (error) {
      this.#drop(wire)
      throw error
    }
  }

  #drop(wire: Wire): void {
    this.#open = undefined
    // The connection is broken, so closing it may fail too.
    void wire.close(true).catch(() => undefined)
  }
}
