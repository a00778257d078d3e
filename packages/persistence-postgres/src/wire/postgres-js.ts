import type { Row, SqlValue } from '@go-go-scope/persistence-core/dialect'
import { endsConnection } from '../sql/error-codes.js'
import type { Source, Wire } from './wire.js'

/** One connection of `postgres`, taken from its pool. */
export interface ReservedLike {
  unsafe(sql: string, parameters: never[], options: { prepare: boolean }): PromiseLike<readonly unknown[]>
  release(): unknown
}

/** The few methods of an `sql` of `postgres` (postgres.js) that are used here. */
export interface PostgresJsLike {
  reserve(): PromiseLike<ReservedLike>
  end(): PromiseLike<unknown>
  unsafe(sql: string, parameters?: never[]): PromiseLike<readonly unknown[]>
}

/** A connection of postgres.js, which tells of its end by the error of the next statement only. */
class PostgresJsWire implements Wire {
  readonly #reserved: ReservedLike
  lost = false

  constructor(reserved: ReservedLike) {
    this.#reserved = reserved
  }

  run(sql: string, parameters: readonly SqlValue[], name: string | undefined): Promise<Row[]> {
    return this.#unsafe(sql, parameters, name !== undefined)
  }

  query(sql: string, parameters: readonly SqlValue[]): Promise<Row[]> {
    return this.#unsafe(sql, parameters, false)
  }

  async close(): Promise<void> {
    // One that has ended is not in the pool any more, and must not be given back to it.
    if (!this.lost) this.#reserved.release()
  }

  async #unsafe(sql: string, parameters: readonly SqlValue[], prepare: boolean): Promise<Row[]> {
    try {
      return [...(await this.#reserved.unsafe(sql, [...parameters] as never[], { prepare }))] as Row[]
    } catch (error) {
      this.lost ||= endsConnection(error)
      throw error
    }
  }
}

/** Connections of the app's `sql`, each held until the adapter disconnects. */
export function postgresJs(sql: PostgresJsLike): Source {
  return {
    engine: 'postgres',
    several: true,
    connect: async () => new PostgresJsWire(await sql.reserve()),
    end: async () => {
      await sql.end()
    },
  }
}
