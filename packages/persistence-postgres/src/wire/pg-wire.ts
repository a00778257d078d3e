import type { Row, SqlValue } from '@go-go-scope/persistence-core/dialect'
import { quoted } from '../sql/quoted.js'
import { TRANSACTION } from '../sql/transaction.js'
import { within } from './deadline.js'
import { type KnownColumns, PreparedRun } from './prepared-run.js'
import { typeParser } from './type-parser.js'
import type { Listener, Wire } from './wire.js'

/** The few methods of a client of `pg` that are used here. */
export interface PgClientLike {
  query(query: object): Promise<{ rows: unknown[] }>
  on(event: string, listener: (event: Error & { payload?: string }) => void): unknown
  removeListener(event: string, listener: (event: Error & { payload?: string }) => void): unknown
  end(): Promise<void>
  /** Of the server's process. */
  readonly processID?: number | null
  /** By which a query of any class is sent; the native client has none. */
  readonly connection?: object
  /** Whether it sends what is asked meanwhile too, and then takes no query of another class. */
  readonly pipeline?: boolean
  /** Whether `connect` was called, and has settled. Absent in clients that do not tell. */
  readonly _connecting?: boolean
  readonly _connected?: boolean
  /** As the server has told it last: `I` outside of a transaction. Those before 8.21 do not tell. */
  getTransactionStatus?(): string | null
}

/** What the server says at the end of each answer; see `getTransactionStatus`. */
interface Ready {
  readonly status: string
}

/** Events of the protocol, as clients of any release have them. */
interface ProtocolEvents {
  prependListener?(event: 'readyForQuery', listener: (ready: Ready) => void): unknown
  removeListener?(event: 'readyForQuery', listener: (ready: Ready) => void): unknown
}

const TYPES = { getTypeParser: (type: number): ((text: string) => unknown) => typeParser(type) }

// ms within which a server answers LISTEN and UNLISTEN. One that is gone without a word never does.
const LISTEN_ANSWER_MS = 2_000

const APPS_TRANSACTION =
  'the app has a transaction of its own open on this client; end it first, or give the adapter a pool'

/** A connection of `pg`. */
export class PgWire implements Wire {
  readonly #client: PgClientLike
  readonly #leave: (broken: boolean) => Promise<void>
  readonly #lose = (): void => {
    const before = this.lost
    this.lost = true
    if (!before) this.#listener?.ended()
  }
  #listener: Listener | undefined
  /** The transaction status, of a client that does not tell it. */
  #status: string | undefined
  readonly #ready = ({ status }: Ready): void => {
    this.#status = status
  }
  readonly #columns: KnownColumns = new Map()
  readonly #takesRuns: boolean
  lost = false

  constructor(client: PgClientLike, leave: (broken: boolean) => Promise<void>) {
    this.#client = client
    const { connection, pipeline } = client
    this.#takesRuns = connection !== undefined && 'parsedStatements' in connection && pipeline !== true
    this.#leave = leave
    // Without a listener the end of a connection would end the process.
    client.on('error', this.#lose)
    client.on('end', this.#lose)
    // Ahead of the client, which sends what is queued when it hears of it.
    if (client.getTransactionStatus === undefined) this.#events.prependListener?.('readyForQuery', this.#ready)
  }

  get #events(): ProtocolEvents {
    return this.#client.connection ?? {}
  }

  get backend(): number | undefined {
    return this.#client.processID ?? undefined
  }

  async run(sql: string, parameters: readonly SqlValue[], name: string | undefined): Promise<Row[]> {
    if (name !== undefined && this.#takesRuns) return this.#runPrepared(sql, parameters, name)
    // Before its turn: what the app has sent, and what is not answered yet, is not seen.
    const problem = this.#problemOf(sql)
    if (problem !== undefined) throw problem
    const { rows } = await this.#client.query({ text: sql, values: parameters, types: TYPES, ...(name && { name }) })
    return rows as Row[]
  }

  #runPrepared(text: string, values: readonly SqlValue[], name: string): Promise<Row[]> {
    return new Promise((resolve, reject) => {
      const run = new PreparedRun(
        { name, text, values },
        this.#columns,
        () => this.#problemOf(text),
        (error, result) => {
          if (result === undefined) reject(error)
          else resolve(result.rows as Row[])
        },
      )
      void this.#client.query(run)
    })
  }

  /** The server would only warn of a BEGIN within a transaction, and our COMMIT would end that of the app. */
  #problemOf(sql: string): Error | undefined {
    if (sql !== TRANSACTION.begin) return undefined
    const status = this.#client.getTransactionStatus?.() ?? this.#status
    return status === 'T' || status === 'E' ? new Error(APPS_TRANSACTION) : undefined
  }

  async query(sql: string, parameters: readonly SqlValue[]): Promise<Row[]> {
    return (await this.#client.query({ text: sql, values: parameters })).rows as Row[]
  }

  /** Listens on `channel` until it is closed. */
  async listen(channel: string, listener: Listener): Promise<() => Promise<void>> {
    this.#listener = listener
    const notified = ({ payload = '' }: { payload?: string }): void => listener.notified(payload)
    this.#client.on('notification', notified)
    const ignore = (): void => {
      this.#listener = undefined
      this.#client.removeListener('notification', notified)
    }
    try {
      await this.#answered(`LISTEN ${quoted(channel)}`)
    } catch (error) {
      ignore()
      // The caller needs the error of listening.
      await this.close(true).catch(() => undefined)
      throw error
    }
    return async () => {
      ignore()
      // The app's pool may go on with the connection.
      if (!this.lost) await this.#answered(`UNLISTEN ${quoted(channel)}`).catch(this.#lose)
      await this.close(this.lost)
    }
  }

  #answered(sql: string): Promise<unknown> {
    const late = (): Promise<never> => Promise.reject(new Error('the server does not answer'))
    return within<unknown>(LISTEN_ANSWER_MS, this.query(sql, []), late)
  }

  async close(broken: boolean): Promise<void> {
    this.#client.removeListener('end', this.#lose)
    this.#events.removeListener?.('readyForQuery', this.#ready)
    if (!broken) this.#client.removeListener('error', this.#lose)
    await this.#leave(broken)
  }
}
