import type { Row, SqlValue } from '@go-go-scope/persistence-core/dialect'
import { quoted } from '../sql/quoted.js'
import { TRANSACTION } from '../sql/transaction.js'
import { within } from './deadline.js'
import { type KnownColumns, PreparedRun } from './prepared-run.js'
import { typeParser } from './type-parser.js'
import type { Listener, Wire } from './wire.js'

/** The members of a client of `pg` that are used here. */
export interface PgClientLike {
  query(query: object): Promise<{ rows: unknown[] }>
  on(event: string, listener: (event: Error & { payload?: string }) => void): unknown
  removeListener(event: string, listener: (event: Error & { payload?: string }) => void): unknown
  end(): Promise<void>
  /** The process id of the connection's backend. */
  readonly processID?: number | null
  /** Present if the client accepts query objects of other classes. The native client has none. */
  readonly connection?: object
  /** Whether the client pipelines statements. Then it accepts no query of another class. */
  readonly pipeline?: boolean
  /** Whether `connect` was called, and whether it has succeeded. Absent in some clients. */
  readonly _connecting?: boolean
  readonly _connected?: boolean
  /** The status that the server reported last: `I` outside of a transaction. Absent before `pg` 8.21. */
  getTransactionStatus?(): string | null
}

/** The message at the end of each answer. `status` is that of `getTransactionStatus`. */
interface Ready {
  readonly status: string
}

/** The protocol events of the client's `connection`, present in every release. */
interface ProtocolEvents {
  prependListener?(event: 'readyForQuery', listener: (ready: Ready) => void): unknown
  removeListener?(event: 'readyForQuery', listener: (ready: Ready) => void): unknown
}

const TYPES = { getTypeParser: (type: number): ((text: string) => unknown) => typeParser(type) }

// ms to wait for the answer to LISTEN and UNLISTEN. A server that vanished never answers.
const LISTEN_ANSWER_MS = 2_000

const APPS_TRANSACTION = 'the app has a transaction open on this client; end it, or give the adapter a pool'

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
    // Without a listener a lost connection would crash the process.
    client.on('error', this.#lose)
    client.on('end', this.#lose)
    // Before the client's own listener, which sends the next queued statement.
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
    // Checked before the statement's turn, so statements of the app that are still unanswered do not count.
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

  /** Refuses our BEGIN inside a transaction of the app. The server would only warn, and our COMMIT would commit the app's. */
  #problemOf(sql: string): Error | undefined {
    if (sql !== TRANSACTION.begin) return undefined
    const status = this.#client.getTransactionStatus?.() ?? this.#status
    return status === 'T' || status === 'E' ? new Error(APPS_TRANSACTION) : undefined
  }

  async query(sql: string, parameters: readonly SqlValue[]): Promise<Row[]> {
    return (await this.#client.query({ text: sql, values: parameters })).rows as Row[]
  }

  /** Listens on `channel`. @returns a function that stops listening and closes the connection. */
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
      // The app's pool may reuse the connection.
      if (!this.lost) await this.#answered(`UNLISTEN ${quoted(channel)}`).catch(this.#lose)
      await this.close(this.lost)
    }
  }

  #answered(sql: string): Promise<unknown> {
    const late = (): Promise<never> => Promise.reject(new Error('the server does not answer'))
    return within<unknown>(LISTEN_ANSWER_MS, this.query(sql, []), late)
  }

  async close(broken: boolean): Promise<void> {
    // A broken connection keeps its listeners: it may still fail, and a lone client that has not ended is used again.
    if (!broken) {
      this.#client.removeListener('end', this.#lose)
      this.#client.removeListener('error', this.#lose)
      this.#events.removeListener?.('readyForQuery', this.#ready)
    }
    await this.#leave(broken)
  }
}
