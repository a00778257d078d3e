import type { ResolvedOptions } from '../adapter/adapter-options.js'
import type { Connection, ConnectionUser } from '../connection/connection.js'
import { type Names, prefixNames } from '../dialects/sqlite/schema/prefix-layout.js'
import type { Diagnostics } from '../errors/diagnostics.js'
import { closedError } from '../queue/closed-queue.js'
import type { OperationQueue } from '../queue/operation-queue.js'
import type { Decode, Parameters, RowCount, Statement } from '../queue/statement.js'
import type { Loads } from '../stores/cache/loads.js'
import type { StateListeners } from '../stores/circuit-breaker/state-listeners.js'
import type { HoldTable } from '../stores/lock/hold-table.js'
import type { ConnectionClock } from '../time/connection-clock.js'
import { ValueStore } from '../values/value-store.js'
import { FileTime } from './lease-time-record.js'

/** Makes the database what an adapter needs or, without `create`, checks that it is; may be repeated and raced. */
export type SetUp = (queue: OperationQueue, create: boolean) => Promise<void>

/**
 * One adapter's use of a connection: what its stores need, and its own life. A session is new, ready between `connect`
 * and `disconnect`, and over after that.
 */
export class Session implements ConnectionUser {
  readonly prefix: string
  readonly maxKeyLength: number
  readonly values: ValueStore
  readonly locks: HoldTable
  readonly fileTime: FileTime
  readonly #connection: Connection
  readonly #options: ResolvedOptions
  readonly #setUp: SetUp
  readonly #named: boolean
  readonly #stopListening: (() => void) | undefined
  /** Whether statements may run. A plain field: every operation reads it. */
  ready = false
  readonly #atReady: (() => void)[] = []
  readonly #atEnd: (() => void)[] = []
  #names: Names | undefined
  #connecting: Promise<void> | undefined
  #over = false
  #left = false
  #leaving: Promise<void> | undefined

  /**
   * @param named Whether this session uses untagged names, and so needs to know how its prefix is stored.
   */
  constructor(connection: Connection, options: ResolvedOptions, setUp: SetUp, named: boolean) {
    this.#connection = connection
    this.#options = options
    this.#setUp = setUp
    this.#named = named
    this.prefix = options.keyPrefix
    this.maxKeyLength = options.maxKeyLength
    this.values = new ValueStore(options.codec, options.maxValueSize)
    this.locks = connection.locks.enter(options.locks, options.keyPrefix)
    this.fileTime = new FileTime(this)
    this.#stopListening = options.onDiagnostic && connection.diagnostics.add(options.onDiagnostic)
    connection.join(this)
  }

  get clock(): ConnectionClock {
    return this.#connection.clock
  }

  get diagnostics(): Diagnostics {
    return this.#connection.diagnostics
  }

  get stateListeners(): StateListeners {
    return this.#connection.stateListeners
  }

  get loads(): Loads {
    return this.#connection.loads
  }

  get queue(): OperationQueue {
    return this.#connection.queue
  }

  get connection(): Connection {
    return this.#connection
  }

  /** How this prefix's untagged names are stored. Known while {@link ready}. */
  get names(): Names {
    if (this.#names === undefined) throw new Error('the session is not connected')
    return this.#names
  }

  /** Whether {@link disconnect} was called. */
  get over(): boolean {
    return this.#over
  }

  /** Runs a statement. Only while {@link ready}. */
  execute<Rows extends RowCount, Result>(
    statement: Statement<Rows>,
    parameters: Parameters,
    decode: Decode<Rows, Result>,
  ): Result | Promise<Result> {
    return this.#connection.queue.execute(statement, parameters, decode)
  }

  /** Runs `action` once connected. @param operation As for {@link connect}. */
  async whenReady<Result>(operation: string, action: () => Promise<Result>): Promise<Result> {
    if (!this.ready) await this.connect(operation)
    return action()
  }

  /**
   * Idempotent and safe to race.
   *
   * @param operation What the caller asked for and needs the connection for, for the error of an adapter that is over.
   * @throws PersistenceError `CLOSED` after {@link disconnect}, and all of set-up's.
   */
  connect(operation = 'connect'): Promise<void> {
    if (this.#over) return Promise.reject(closedError(operation))
    this.#connecting ??= this.#connect().catch((error: unknown) => {
      this.#connecting = undefined
      throw error
    })
    return this.#connecting
  }

  /** Waits for what is in flight and leaves the connection. Idempotent; tries again where closing the handle failed. */
  disconnect(): Promise<void> {
    const first = !this.#over
    this.#over = true
    this.#leaving ??= this.#disconnect().catch((error: unknown) => {
      this.#leaving = undefined
      throw error
    })
    if (first) for (const callback of this.#atEnd) callback()
    return this.#leaving
  }

  /** Has `callback` called when the session is connected. */
  atReady(callback: () => void): void {
    this.#atReady.push(callback)
  }

  /** Has `callback` called when the session ends. */
  atEnd(callback: () => void): void {
    this.#atEnd.push(callback)
  }

  connectionLost(): void {
    this.ready = false
    this.#connecting = undefined
  }

  async #connect(): Promise<void> {
    await this.#connection.open()
    const { queue, readOnly } = this.#connection
    await this.#setUp(queue, this.#options.createTables && !readOnly)
    if (this.#named) {
      this.#names = await prefixNames(queue, this.prefix, !readOnly)
      await this.fileTime.enter()
    }
    await this.#connection.watchLog()
    // The file may have been lost meanwhile.
    await this.#connection.open()
    this.ready = true
    if (!this.#over) for (const callback of this.#atReady) callback()
  }

  async #disconnect(): Promise<void> {
    if (!this.ready) await this.#settleConnecting()
    this.ready = false
    try {
      await this.#connection.leave(this, !this.#options.closeOnDisconnect)
    } finally {
      this.#stopListening?.()
      if (!this.#left) this.#connection.locks.leave(this.#options.locks, this.prefix)
      this.#left = true
    }
  }

  /** Calls made before `disconnect` may wait for the first connect; they continue before this does, and are drained. */
  async #settleConnecting(): Promise<void> {
    try {
      await this.#connecting
    } catch {
      // Who asked to connect has been told.
    }
  }
}
