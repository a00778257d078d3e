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

/** What makes values of texts, by the number of their type. */
type Parsers = Record<number, (text: string) => unknown>

/** The few methods of a `PGlite` that are used here. */
export interface PgliteLike extends Queries {
  readonly waitReady: Promise<void>
  transaction(run: (transaction: Queries) => Promise<void>): Promise<unknown>
  close(): Promise<void>
  /** Runs messages of the protocol; with the next two, by which they find their turn, statements can be kept prepared. */
  execProtocol?(messages: Uint8Array, options?: { syncToFs?: boolean }): Promise<{ messages: readonly ServerMessage[] }>
  /** Keeps other statements waiting, but no transaction of the app that is open. */
  runExclusive?<T>(run: () => Promise<T>): Promise<T>
  isInTransaction?(): boolean
  /** Its queries tell so themselves, and its messages do not. */
  readonly closed?: boolean
}

/** A `PGlite` that takes messages. */
type Prepares = PgliteLike & Required<Pick<PgliteLike, 'execProtocol' | 'runExclusive' | 'isInTransaction'>>

function prepares(instance: PgliteLike): instance is Prepares {
  const { execProtocol, runExclusive, isInTransaction } = instance
  return [execProtocol, runExclusive, isInTransaction].every((method) => typeof method === 'function')
}

// The app may have given the instance other ones.
const OF_OURS = { parsers: Object.fromEntries(OUR_TYPES.map((type) => [type, typeParser(type)])) }
// What the server says of a name that is taken.
const DUPLICATE = '42P05'
const ROLLED_BACK = new Error('rolled back')

/** A transaction that is under way: PGlite wants it as a callback, and keeps all else waiting until that ends. */
interface Transaction {
  readonly queries: Queries
  readonly end: (commit: boolean) => Promise<unknown>
}

/** The connection that an instance is. All handles on it take turns, by statement or by transaction. */
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

  /** Four times as fast as a query, which is parsed and planned each time. @returns undefined where it cannot be done now. */
  async #runPrepared(sql: string, parameters: readonly SqlValue[], name: string): Promise<Row[] | undefined> {
    const instance = this.#instance
    if (!prepares(instance) || instance.closed) return undefined
    await this.#toRun(parameters)
    const transaction = this.#transaction
    return instance.runExclusive(async () => {
      // Of the app: a query waits for its end.
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
      // By another adapter on the instance. The name is made from the text.
      if (sqlStateOf(error) !== DUPLICATE) throw error
    }
    this.#prepared.add(name)
  }

  async #toRun(parameters: readonly SqlValue[]): Promise<void> {
    for (const parameter of parameters) refuseLeadingMark(parameter)
    // It answers in this thread: without a pause, loops of awaited calls would give no timer its turn.
    if (this.#turn.seemsLong()) await nextTurn()
  }
}

/** PGlite reads texts by a decoder that takes a byte order mark at their start for none of theirs. */
function refuseLeadingMark(parameter: SqlValue): void {
  if (typeof parameter !== 'string' || !parameter.includes('\ufeff')) return
  // At the start, also of a text within the JSON that several calls are sent as.
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

/** An instance of PGlite, of the app or made by `open`. */
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
