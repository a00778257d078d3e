import type { AsyncDriver, AsyncStatement, Row, SqlValue } from '../../../driver/driver.js'
import type { StandbyThread } from './standby-thread.js'

/** A driver for the database of a standby, which is in another thread. */
export class ThreadDriver implements AsyncDriver {
  readonly synchronous = false
  readonly engine: string
  /** The database is in no file that this thread has open. */
  readonly library: unknown = 'thread'
  readonly #thread: StandbyThread

  constructor(thread: StandbyThread) {
    this.#thread = thread
    this.engine = thread.engine
  }

  query(sql: string, parameters: readonly SqlValue[]): Promise<Row[]> {
    return this.#thread.request('query', { sql, parameters })
  }

  async prepare(sql: string): Promise<AsyncStatement> {
    return { all: (parameters) => this.query(sql, parameters), finalize: async () => undefined }
  }

  close(): Promise<void> {
    return this.#thread.stop()
  }
}
