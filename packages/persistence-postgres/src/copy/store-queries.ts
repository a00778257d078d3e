import type { OperationQueue, Row, SqlValue, Step } from '@go-go-scope/persistence-core/dialect'
import type { StoreSql } from './store-sql.js'

/** Runs the statements of a copy on one of its sides. */
export class StoreQueries {
  readonly sql: StoreSql
  readonly #queue: OperationQueue

  constructor(queue: OperationQueue, sql: StoreSql) {
    this.#queue = queue
    this.sql = sql
  }

  /** The table of versions and the like. */
  get meta(): string {
    return this.sql.moved.replace(/moved$/, 'meta')
  }

  query(sql: string, ...parameters: readonly SqlValue[]): Promise<Row[]> {
    return this.#queue.query('copy', sql, parameters)
  }

  async atomic(steps: readonly Step[], operation = 'copy'): Promise<void> {
    await this.#queue.atomic(operation, steps)
  }

  /** The names of tables of caches that have names of the app's. */
  async ownCaches(): Promise<string[]> {
    return (await this.query(this.sql.ownCaches)).map(({ name }) => String(name))
  }
}
