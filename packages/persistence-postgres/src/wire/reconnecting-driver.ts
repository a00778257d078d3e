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

// What a pooler answers that keeps no prepared statements, or has given the session to another client meanwhile.
const NOT_PREPARED: ReadonlySet<string | undefined> = new Set(['26000', '42P05'])
const SHORTEST_ANSWER_TIMEOUT_MS = 1_000
const NOT_WAITED_FOR: ReadonlySet<PersistenceErrorCode> = new Set(['ENGINE_UNSUPPORTED', 'INVALID_ARGUMENT'])
// The server was a primary: what has taken its place is found by a new connection.
const READ_ONLY = '25006'

/** Whether connections keep our statements prepared; `auto`: until a pooler shows that it keeps none. */
export type Prepare = 'auto' | boolean

type Run = (parameters: readonly SqlValue[]) => Promise<Row[]>

/** Asks a connection. @throws PersistenceError what it is not to be used for. */
type Check = (ask: (sql: string) => Promise<Row[]>) => Promise<void>

export interface ReconnectingDriverOptions {
  /** ms within which a connection must be made, and after which a silent server is asked whether the statement runs. */
  readonly answerTimeout: number
  readonly prepare: Prepare
  /** Absent where it cannot listen. */
  readonly listen?: Listen | undefined
  /** Finds out whether what `listen` was given can be used, without connecting. @throws PersistenceError */
  readonly checkListen?: (() => Promise<void>) | undefined
}

/**
 * A driver over one connection at a time, in which one statement is in flight. It connects at its first statement, and anew
 * at the next one after the connection was lost. It repeats nothing: the queue knows what may be repeated.
 */
export class ReconnectingDriver implements AsyncDriver {
  readonly synchronous = false
  readonly engine: string
  readonly library: unknown = undefined
  readonly aside?: () => AsyncDriver
  readonly #source: Source
  readonly #answerTimeout: number
  readonly #main: boolean
  readonly #connector: Connector
  readonly #watch: SilenceWatch
  /** See {@link Source}. */
  readonly identity: string | undefined
  /** Listens by a connection beside. */
  readonly listen: Listen | undefined
  /** See {@link ReconnectingDriverOptions}. */
  readonly checkListen: (() => Promise<void>) | undefined
  #open: Wire | undefined
  /** The server's number for it, by which another connection can ask after it. */
  #backend: number | undefined
  #alsoEnds: Promise<void> | undefined
  /** Of the driver that this one is beside. */
  readonly #checks: { check?: Check }
  readonly #learns: boolean
  #prepares: boolean
  /** Whether a transaction of ours has begun, and none of its ends was sent. */
  #transacting = false
  /** How often statements had to be prepared anew, under other names. */
  #renewals = 0

  /** @param main The driver that this one is beside, whose closing ends the source. */
  constructor(source: Source, options: ReconnectingDriverOptions, main?: ReconnectingDriver) {
    this.#source = source
    this.#checks = main === undefined ? {} : main.#checks
    // Also a caller that waits for nobody wants a connection.
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
    if (source.several) this.aside = () => new ReconnectingDriver(source, options, this)
  }

  query(sql: string, parameters: readonly SqlValue[], ofApp = false): Promise<Row[]> {
    return ofApp
      ? this.#use(undefined, (wire) => wire.query(sql, parameters))
      : this.#use(sql, (wire) => wire.run(sql, parameters, undefined))
  }

  async prepare(sql: string): Promise<AsyncStatement> {
    const name = `ggs_${createHash('sha256').update(sql).digest('hex').slice(0, 32)}`
    const { begin, commit, rollback } = TRANSACTION
    // The app's transactions have the same texts.
    const own = sql === begin || sql === commit || sql === rollback ? undefined : sql
    const run = (parameters: readonly SqlValue[]): Promise<Row[]> =>
      this.#use(own, (wire) => wire.run(sql, parameters, this.#prepares ? `${name}_${this.#renewals}` : undefined))
    return {
      all: sql === begin ? () => this.#begin(run) : sql === commit || sql === rollback ? () => this.#end(run) : run,
      // The connection keeps it for the next adapter; a pooler's lasts as long as the pooler likes.
      finalize: async () => undefined,
    }
  }

  /** Has what keeps no promises refused whenever a connection is made: a failover may have led to another server. */
  checksEach(check: Check): void {
    this.#checks.check = check
  }

  /** Has {@link leave} wait for the end of what else holds a connection of the source. @param end Never rejects. */
  alsoEnds(end: Promise<void>): void {
    this.#alsoEnds = end
  }

  async leave(): Promise<void> {
    const open = this.#open
    this.#open = undefined
    await open?.close(open.lost)
    // After it: a pool of the app's may have had this one connection, and the other waits for it.
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
    // By another connection a statement would be outside of the transaction, and its COMMIT would succeed.
    if (this.#transacting) throw new ConnectionLost(new Error('the connection ended within a transaction'), false)
    try {
      this.#open = await this.#checked(await this.#connector.connect())
      return this.#open
    } catch (error) {
      // Not to be waited for: it stays so until somebody changes the server, or the app.
      if (error instanceof PersistenceError && NOT_WAITED_FOR.has(error.code)) throw error
      throw new ConnectionLost(error, false)
    }
  }

  /** Not by the connector: who only asks whether a statement runs takes any connection. */
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
    // It is broken: that it cannot be closed either is no news.
    void wire.close(true).catch(() => undefined)
  }
}
