import type { Connection, ConnectionUser } from '../connection/connection.js'
import type { Row } from '../driver/driver.js'
import type { Diagnostics } from '../errors/diagnostics.js'
import { DisconnectedError } from '../errors/disconnected-error.js'
import { failureOf } from '../errors/failure-of.js'
import type { Names } from '../keys/key-space.js'
import { closedError } from '../queue/closed-queue.js'
import type { OperationQueue } from '../queue/operation-queue.js'
import type { Decode, Parameters, RowCount, Statement, Step } from '../queue/statement.js'
import type { ConnectionClock } from '../time/connection-clock.js'
import { ValueStore } from '../values/value-store.js'
import { LeaseTimeRecord } from './lease-time-record.js'
import type { SessionDialect, SessionOptions, SessionStart } from './session-options.js'

/**
 * One adapter's use of a connection. Its stores run their statements through it. A session is new, then ready from `connect` to
 * `disconnect`, and ended after that.
 */
export class Session implements ConnectionUser {
  readonly connection: Connection
  readonly clock: ConnectionClock
  readonly diagnostics: Diagnostics
  readonly prefix: string
  readonly maxKeyLength: number
  readonly values: ValueStore
  readonly leaseTime: LeaseTimeRecord | undefined
  readonly #dialect: SessionDialect
  readonly #options: SessionOptions
  readonly #start: SessionStart
  readonly #stopListening: (() => void) | undefined
  /** Whether statements may run. A plain field, because every operation reads it. */
  ready = false
  readonly #onReady: (() => void)[] = []
  readonly #onEnd: (() => void)[] = []
  readonly #onEnded: (() => void)[] = []
  #names: Names | undefined
  #connecting: Promise<void> | undefined
  #ended = false
  #leaving: Promise<void> | undefined

  constructor(connection: Connection, dialect: SessionDialect, options: SessionOptions, start: SessionStart) {
    this.connection = connection
    this.clock = connection.clock
    this.diagnostics = connection.diagnostics
    this.#dialect = dialect
    this.#options = options
    this.#start = start
    this.prefix = options.keyPrefix
    this.maxKeyLength = options.maxKeyLength
    this.values = new ValueStore(options.codec, options.maxValueSize)
    this.leaseTime = dialect.leaseTime && new LeaseTimeRecord(this, dialect.leaseTime)
    this.#stopListening = options.onDiagnostic && connection.diagnostics.add(options.onDiagnostic)
    connection.join(this)
  }

  get queue(): OperationQueue {
    return this.connection.queue
  }

  /** How this prefix's untagged names are stored. Known while {@link ready}. */
  get names(): Names {
    if (this.#names === undefined) throw new Error('the session is not connected')
    return this.#names
  }

  /** Whether {@link disconnect} was called. */
  get ended(): boolean {
    return this.#ended
  }

  /** Runs a statement, after connecting if needed. On some engines the result is returned synchronously. */
  execute<Rows extends RowCount, Result>(
    statement: Statement<Rows>,
    parameters: Parameters,
    decode: Decode<Rows, Result>,
  ): Result | Promise<Result> {
    return this.ready
      ? this.connection.queue.execute(statement, parameters, decode)
      : this.#executeLater(statement, parameters, decode)
  }

  /** Runs steps in one transaction, all or nothing, after connecting if needed. Resolves to the rows of each. */
  async atomic(operation: string, steps: readonly Step[]): Promise<Row[][]> {
    if (!this.ready) await this.connect(operation)
    return this.connection.queue.atomic(operation, steps)
  }

  /**
   * Runs a statement in any state of the session: for the statements of connecting, and for the second statement of an operation,
   * which also runs while the session ends.
   */
  executeRegardless<Rows extends RowCount, Result>(
    statement: Statement<Rows>,
    parameters: Parameters,
    decode: Decode<Rows, Result>,
  ): Result | Promise<Result> {
    return this.connection.queue.execute(statement, parameters, decode)
  }

  /**
   * Connects, once. Concurrent calls share the attempt. A failed attempt is not kept: the next call retries.
   *
   * @param operation The call that needs the connection. It is named in the errors `CLOSED` and those of a lost database; other
   *   errors name `connect`.
   * @throws PersistenceError `CLOSED` after {@link disconnect}; how the database was lost; the errors of set-up.
   */
  connect(operation = 'connect'): Promise<void> {
    if (this.#ended) return Promise.reject(closedError(operation))
    const { lost } = this.connection
    if (lost !== undefined) return Promise.reject(failureOf(lost, operation))
    this.#connecting ??= this.#connect().catch((error: unknown) => {
      this.#connecting = undefined
      throw error
    })
    return this.#connecting
  }

  /**
   * Throws for an operation without a statement, if the database is no longer reachable.
   *
   * @throws PersistenceError the error that a statement would reject with: `CLOSED`, how the database was lost, `DISCONNECTED`.
   */
  refuseEnded(operation: string): void {
    const { lost, owner, usable } = this.connection
    if (lost !== undefined && !this.#ended) throw failureOf(lost, operation)
    if (this.#ended || !usable) throw closedError(operation)
    if (owner?.gone !== undefined) throw DisconnectedError.of(operation, 'none', owner.gone)
  }

  /** Waits for the calls in flight and leaves the connection. Idempotent; retries if closing the handle failed. */
  disconnect(): Promise<void> {
    const first = !this.#ended
    this.#ended = true
    this.#leaving ??= this.#disconnect().catch((error: unknown) => {
      this.#leaving = undefined
      throw error
    })
    if (first) for (const callback of this.#onEnd) callback()
    return this.#leaving
  }

  /** Calls `callback` when the session is connected. */
  onReady(callback: () => void): void {
    this.#onReady.push(callback)
  }

  /** Calls `callback` when the session ends. */
  onEnd(callback: () => void): void {
    this.#onEnd.push(callback)
  }

  /** Calls `callback` when the session has left its connection. */
  onEnded(callback: () => void): void {
    this.#onEnded.push(callback)
  }

  connectionLost(): void {
    this.ready = false
  }

  async #executeLater<Rows extends RowCount, Result>(
    statement: Statement<Rows>,
    parameters: Parameters,
    decode: Decode<Rows, Result>,
  ): Promise<Result> {
    await this.connect(statement.name)
    return this.connection.queue.execute(statement, parameters, decode)
  }

  async #connect(): Promise<void> {
    await this.connection.open()
    const { queue, readOnly } = this.connection
    await this.#start.setUp(queue, this.#options.createTables && !readOnly)
    if (this.#start.readsSettings) {
      this.#names = await this.#dialect.names(queue, this.prefix, !readOnly)
      await this.leaseTime?.enter()
    }
    await this.connection.place.schemaReady()
    // The database may have been lost meanwhile.
    await this.connection.open()
    this.ready = true
    if (!this.#ended) for (const callback of this.#onReady) callback()
  }

  async #disconnect(): Promise<void> {
    if (!this.ready) await this.#settleConnecting()
    this.ready = false
    try {
      await this.connection.leave(this, { keepHandle: !this.#options.closeOnDisconnect })
    } finally {
      this.#stopListening?.()
      for (const callback of this.#onEnded.splice(0)) callback()
    }
  }

  /** Calls made before `disconnect` may wait for the first connect. They continue before this does, and are drained. */
  async #settleConnecting(): Promise<void> {
    try {
      await this.#connecting
    } catch {
      // The caller of connect has received the error.
    }
  }
}
