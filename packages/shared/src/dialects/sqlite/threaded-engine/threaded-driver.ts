import type {
  AsyncDriver,
  AsyncStatement,
  Row,
  SqlValue,
  TakeRows,
  TransactionControl,
  TransactionPart,
} from '../../../driver/driver.js'
import { writeParameters } from '../../../remote/wire/parameters.js'
import type { Item } from '../../../remote/wire/protocol.js'
import { command } from './commands.js'
import type { EngineConnection } from './engine-connection.js'

/** A driver of an engine in its own thread. */
export class ThreadedDriver implements AsyncDriver {
  readonly synchronous = false
  readonly engine: string
  readonly library: unknown
  readonly readers: readonly AsyncDriver[]
  readonly #connection: EngineConnection

  /** @param readers Drivers of read-only connections. */
  constructor(
    connection: EngineConnection,
    { name, library }: { readonly name: string; readonly library: unknown },
    readers: readonly AsyncDriver[] = [],
  ) {
    this.engine = name
    this.library = library
    this.readers = readers
    this.#connection = connection
  }

  get openings(): number {
    return this.#connection.openings
  }

  async query(sql: string, parameters: readonly SqlValue[]): Promise<Row[]> {
    return (await this.#connection.ask((out, request) => {
      out.push(command.run, request, sql)
      writeParameters(out, parameters)
    })) as Row[]
  }

  async prepare(sql: string): Promise<AsyncStatement> {
    return new ThreadedStatement(this.#connection, sql)
  }

  async transact(control: TransactionControl, parts: readonly TransactionPart[]): Promise<Row[][]> {
    const { begin, commit, rollback } = control
    return (await this.#connection.ask((out, request) => {
      const named = (sql: string): number => this.#connection.declare(out, sql)
      // Declarations come first in a message.
      const controls = [named(begin), named(commit), named(rollback)]
      const statements = parts.map(({ sql, again }): Item => (again ? named(sql) : sql))
      out.push(command.transact, request, ...controls, parts.length)
      for (const [at, { parameters, expect }] of parts.entries()) {
        out.push(statements[at] as Item, expect ?? null)
        writeParameters(out, parameters)
      }
    })) as Row[][]
  }

  close(split?: boolean): Promise<void> {
    return this.#connection.close(split)
  }
}

class ThreadedStatement implements AsyncStatement {
  readonly #connection: EngineConnection
  readonly #sql: string

  constructor(connection: EngineConnection, sql: string) {
    this.#connection = connection
    this.#sql = sql
  }

  all(parameters: readonly SqlValue[], taken?: TakeRows): Promise<Row[]> {
    return this.#connection.ask((out, request) => {
      const number = this.#connection.declare(out, this.#sql)
      out.push(command.run, request, number)
      writeParameters(out, parameters)
    }, taken) as Promise<Row[]>
  }

  /** The thread finalizes all its statements when it closes the connection. */
  async finalize(): Promise<void> {}
}
