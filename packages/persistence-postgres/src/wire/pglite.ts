import {
  nextTurn,
  PersistenceError,
  type Row,
  type SqlValue,
  systemClock,
  Turn,
} from '@go-go-scope/persistence-core/dialect'
import { sqlStateOf } from '../sql/error-codes.js'
import { TRANSACTION } from '../sql/transaction.js'
import { preparing, rowsOf, running, type ServerMessage } from './pglite-protocol.js'
import { OUR_TYPES, typeParser } from './type-parser.js'
import type { Source, Wire } from './wire.js'

/** Runs one statement. */
interface Queries {
  query(sql: string, parameters?: unknown[], options?: { parsers: Parsers }): Promise<{ rows: unknown[] }>
}

/** Functions that parse text values, by type OID. */
type Parsers = Record<number, (text: string) => unknown>

/** The members of a `PGlite` that are used here. */
export interface PgliteLike extends Queries {
  readonly waitReady: Promise<void>
  transaction(run: (transaction: Queries) => Promise<void>): Promise<unknown>
  close(): Promise<void>
  /** Runs protocol messages. The next two methods keep them in turn. With all three, statements can be kept prepared. */
  execProtocol?(messages: Uint8Array, options?: { syncToFs?: boolean }): Promise<{ messages: readonly ServerMessage[] }>
  /** Makes other statements wait, but not an open transaction of the app. */
  runExclusive?<T>(run: () => Promise<T>): Promise<T>
  isInTransaction?(): boolean
  /** Checked before protocol messages. Queries fail by themselves on a closed instance. */
  readonly closed?: boolean
}

/** A `PGlite` that accepts protocol messages. */
type Prepares = PgliteLike & Required<Pick<PgliteLike, 'execProtocol' | 'runExclusive' | 'isInTransaction'>>

function prepares(instance: PgliteLike): instance is Prepares {
  const { execProtocol, runExclusive, isInTransaction } = instance
  return [execProtocol, runExclusive, isInTransaction].every((method) => typeof method === 'function')
}

// The app may have given the instance other parsers.
const OF_OURS = { parsers: Object.fromEntries(OUR_TYPES.map((type) => [type, typeParser(type)])) }
// SQLSTATE: a prepared statement of this name exists.
const DUPLICATE = '42P05'
const ROLLED_BACK = new Error('rolled back')

/** An open transaction. PGlite runs it as a callback and makes other statements wait until that ends. */
interface Transaction {
  readonly queries: Queries
  readonly end: (commit: boolean) => Promise<unknown>
}

/** The single connection of an instance. All handles on it take turns, by statement or by transaction. */
class PgliteWire implements Wire {
  readonly lost = false
  readonly #instance: PgliteLike
  readonly #turn = Turn.of(systemClock)
  readonly #prepared = new Set<string>()
  #transaction: Transaction | undefined

  constructor(instance: PgliteLike) {
    this.#instance = instance
  }

  async run(sql: string, parameters: readonly SqlValue[], name: string | undefined): Promise<Row[]> {
    switch (sql) {
      case TRANSACTION.begin:
        this.#transaction = await begin(this.#instance)
        return []
      case TRANSACTION.commit:
      case TRANSACTION.rollback: {
        const transaction = this.#transaction
        this.#transaction = undefined
        await transaction?.end(sql === TRANSACTION.commit)
        return []
      }
      default: {
        const rows = name === undefined ? undefined : await this.#runPrepared(sql, parameters, name)
        return rows ?? this.#sent(sql, parameters, OF_OURS)
      }
    }
  }

  query(sql: string, parameters: readonly SqlValue[]): Promise<Row[]> {
    return this.#sent(sql, parameters)
  }

  async #sent(sql: string, parameters: readonly SqlValue[], options?: { parsers: Parsers }): Promise<Row[]> {
    await this.#toRun(parameters)
    const { rows } = await (this.#transaction?.queries ?? this.#instance).query(sql, [...parameters], options)
    return rows as Row[]
  }

  async close(): Promise<void> {}

  /**
   * Runs a prepared statement. That is four times as fast as `query`, which parses and plans each time.
   *
   * @returns `undefined` if that is impossible now.
   */
  async #runPrepared(sql: string, parameters: readonly SqlValue[], name: string): Promise<Row[] | undefined> {
    const instance = this.#instance
    if (!prepares(instance) || instance.closed) return undefined
    await this.#toRun(parameters)
    const transaction = this.#transaction
    return instance.runExclusive(async () => {
      // The app's transaction is open. A query waits for its end.
      if (transaction === undefined && instance.isInTransaction()) return undefined
      if (!this.#prepared.has(name)) await this.#prepare(instance, sql, name)
      const options = { syncToFs: transaction === undefined }
      return rowsOf((await instance.execProtocol(running(name, parameters), options)).messages)
    })
  }

  async #prepare(instance: Prepares, sql: string, name: string): Promise<void> {
    try {
      await instance.execProtocol(preparing(name, sql), { syncToFs: false })
    } catch (error) {
      // Another adapter on the instance has prepared it. The name is derived from the text.
      if (sqlStateOf(error) !== DUPLICATE) throw error
    }
    this.#prepared.add(name)
  }

  async #toRun(parameters: readonly SqlValue[]): Promise<void> {
    for (const parameter of parameters) refuseLeadingMark(parameter)
    // PGlite answers in this thread. Without a pause, a loop of awaited calls would starve timers.
    if (this.#turn.seemsLong()) await nextTurn()
  }
}

/** Refuses a text that begins with a byte order mark, because PGlite's decoder would drop the mark. */
function refuseLeadingMark(parameter: SqlValue): void {
  if (typeof parameter !== 'string' || !parameter.includes('\ufeff')) return
  // Also at the start of a text inside the JSON of a batch of calls.
  if (!parameter.startsWith('\ufeff') && !parameter.includes('"\ufeff')) return
  throw new PersistenceError(
    'VALUE_NOT_SERIALIZABLE',
    'pglite',
    'pglite: a text starts with a byte order mark, which PGlite drops; encode it, or use a server',
  )
}

function begin(instance: PgliteLike): Promise<Transaction> {
  return new Promise((begun, failed) => {
    const ended = instance.transaction(
      (queries) =>
        new Promise<void>((commit, rollback) => {
          const end = async (commits: boolean): Promise<void> => {
            if (commits) commit()
            else rollback(ROLLED_BACK)
            await ended.catch((error: unknown) => {
              if (error !== ROLLED_BACK) throw error
            })
          }
          begun({ queries, end })
        }),
    )
    ended.catch(failed)
  })
}

/** Returns the connection of a PGlite instance, which belongs to the app or was made by `open`. */
export function pglite(instance: PgliteLike): Source {
  return {
    engine: 'pglite',
    several: false,
    started: instance.waitReady.catch(() => undefined),
    async connect() {
      await instance.waitReady
      return new PgliteWire(instance)
    },
    end: () => instance.close(),
  }
}
