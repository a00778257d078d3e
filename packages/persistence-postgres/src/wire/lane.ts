import { createHash } from 'node:crypto'
import type { AsyncDriver, AsyncStatement, Row, SqlValue } from '@go-go-scope/persistence-core/dialect'
import { endsConnection, sqlStateOf } from '../sql/error-codes.js'
import { ConnectionLost, type Source, type Wire } from './wire.js'

// What a pooler answers that keeps no prepared statements, or has given the session to another client meanwhile.
const NOT_PREPARED: ReadonlySet<string | undefined> = new Set(['26000', '42P05'])
// The server was a primary: what has taken its place is found by a new connection.
const READ_ONLY = '25006'

/**
 * A driver over one connection at a time, in which one statement is in flight. It connects at its first statement, and anew
 * at the next one after the connection was lost. It repeats nothing: the queue knows what may be repeated.
 */
export class Lane implements AsyncDriver {
  readonly synchronous = false
  readonly engine: string
  readonly library: unknown = undefined
  readonly aside?: () => AsyncDriver
  readonly #source: Source
  readonly #main: boolean
  #wire: Promise<Wire> | undefined
  #prepares = true

  /** @param main Whether closing it ends the source too. */
  constructor(source: Source, main = true) {
    this.#source = source
    this.#main = main
    this.engine = source.engine
    if (source.several) this.aside = () => new Lane(source, false)
  }

  query(sql: string, parameters: readonly SqlValue[]): Promise<Row[]> {
    return this.#use((wire) => wire.query(sql, parameters))
  }

  async prepare(sql: string): Promise<AsyncStatement> {
    const name = `ggs_${createHash('sha256').update(sql).digest('hex').slice(0, 32)}`
    return {
      all: (parameters) => this.#use((wire) => wire.run(sql, parameters, this.#prepares ? name : undefined)),
      // The connection keeps it for the next adapter; a pooler's lasts as long as the pooler likes.
      finalize: async () => undefined,
    }
  }

  async leave(): Promise<void> {
    const wire = this.#wire
    this.#wire = undefined
    // A connection that could not be made need not be closed.
    const open = await wire?.catch(() => undefined)
    await open?.close(open.lost)
  }

  async close(): Promise<void> {
    await this.leave()
    if (this.#main) await this.#source.end()
  }

  async #use(run: (wire: Wire) => Promise<Row[]>): Promise<Row[]> {
    const wire = await this.#connected()
    try {
      return await run(wire)
    } catch (error) {
      const state = sqlStateOf(error)
      if (wire.lost || endsConnection(error)) {
        this.#drop(wire)
        throw new ConnectionLost(error, true)
      }
      if (NOT_PREPARED.has(state)) this.#prepares = false
      if (state === READ_ONLY) this.#drop(wire)
      throw error
    }
  }

  async #connected(): Promise<Wire> {
    const wire = await this.#wire?.catch(() => undefined)
    if (wire !== undefined && !wire.lost) return wire
    if (wire !== undefined) this.#drop(wire)
    try {
      this.#wire = this.#source.connect()
      return await this.#wire
    } catch (error) {
      this.#wire = undefined
      throw new ConnectionLost(error, false)
    }
  }

  #drop(wire: Wire): void {
    this.#wire = undefined
    // It is broken: that it cannot be closed either is no news.
    void wire.close(true).catch(() => undefined)
  }
}
