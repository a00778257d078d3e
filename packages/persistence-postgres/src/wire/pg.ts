import { PersistenceError, type Row, type SqlValue } from '@go-go-scope/persistence-core/dialect'
import { quoted } from '../sql/quoted.js'
import { TRANSACTION } from '../sql/transaction.js'
import { within } from './deadline.js'
import { type KnownColumns, PreparedRun } from './prepared-run.js'
import { typeParser } from './type-parser.js'
import type { Listener, Source, Wire } from './wire.js'

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
  /** As the server has told it last: `I` outside of a transaction. Older clients do not tell. */
  getTransactionStatus?(): string | null
}

export interface PooledPgClientLike extends PgClientLike {
  release(broken?: boolean): void
}

/** The few methods of a pool of `pg` that are used here. */
export interface PgPoolLike {
  connect(callback: (error: Error | undefined, client: PooledPgClientLike | undefined) => void): void
  on(event: string, listener: (error: Error) => void): unknown
  end(): Promise<void>
}

const TYPES = { getTypeParser: (type: number): ((text: string) => unknown) => typeParser(type) }

// ms within which a server answers LISTEN and UNLISTEN. One that is gone without a word never does.
const LISTEN_ANSWER_MS = 2_000
// ms that such a server is given to take the end of a connection.
const CLOSING_MS = 1_000

const APPS_TRANSACTION =
  'the app has a transaction of its own open on this client; end it first, or give the adapter a pool'

/** A connection of `pg`. */
class PgWire implements Wire {
  readonly #client: PgClientLike
  readonly #leave: (broken: boolean) => Promise<void>
  readonly #lose = (): void => {
    const before = this.lost
    this.lost = true
    if (!before) this.#listener?.ended()
  }
  #listener: Listener | undefined
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
    const status = sql === TRANSACTION.begin ? this.#client.getTransactionStatus?.() : undefined
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
    if (!broken) this.#client.removeListener('error', this.#lose)
    await this.#leave(broken)
  }
}

/** Pools whose errors are listened to: one may see many adapters come and go. */
const listenedTo = new WeakSet<PgPoolLike>()

/** Connections of the app's pool, each held until the adapter disconnects. */
export function pgPool(pool: PgPoolLike): Source {
  // A connection that ends in the pool is made anew by it; without a listener it would end the process.
  if (!listenedTo.has(pool)) pool.on('error', () => undefined)
  listenedTo.add(pool)
  // By its callback: what the server says right behind its greeting, such as its end, is read before a promise resolves,
  // and the client would have no listener.
  const connect = (): Promise<PgWire> =>
    new Promise((resolve, reject) => {
      pool.connect((error, client) => {
        if (client === undefined) reject(error)
        else resolve(new PgWire(client, async (broken) => client.release(broken)))
      })
    })
  return {
    engine: 'pg',
    several: true,
    pooled: true,
    connect,
    listen: async (channel, listener) => (await connect()).listen(channel, listener),
    end: () => pool.end(),
  }
}

/** The one connection of the app's client, which is connected. */
export function pgClient(client: PgClientLike): Source {
  const wire = new PgWire(client, async () => undefined)
  return {
    engine: 'pg',
    several: false,
    async connect() {
      if (wire.lost) throw new Error('the client has ended; give the adapter a pool, which makes new connections')
      // It would keep what is sent until then, for ever.
      if (client._connecting === false && client._connected === false) throw notConnected()
      return wire
    },
    end: () => endOf(client),
  }
}

/** Ends a client for good. A server that is gone without a word is not waited for, which the client would do for many minutes. */
function endOf(client: PgClientLike): Promise<void> {
  // That the connection breaks meanwhile is no news, and without a listener it would end the process.
  client.on('error', () => undefined)
  const { stream } = (client.connection ?? {}) as { stream?: { destroy?(): unknown } }
  return within<void>(CLOSING_MS, client.end(), async () => void stream?.destroy?.())
}

function notConnected(): PersistenceError {
  return new PersistenceError(
    'INVALID_ARGUMENT',
    'connect',
    'connect: the client of pg is not connected; await client.connect() first, or give the adapter a pool',
  )
}

/** Connections of its own. @param make Loads the library and makes an unconnected client. */
export function pgClients(make: () => Promise<PgClientLike & { connect(): Promise<unknown> }>): Source {
  const connect = async (): Promise<PgWire> => {
    const client = await make()
    const wire = new PgWire(client, () => endOf(client))
    try {
      await client.connect()
    } catch (error) {
      // The caller needs the error of connecting, not one of ending.
      void endOf(client).catch(() => undefined)
      throw error
    }
    return wire
  }
  return {
    engine: 'pg',
    several: true,
    connect,
    listen: async (channel, listener) => (await connect()).listen(channel, listener),
    end: async () => undefined,
  }
}
