import { Connection } from '../driver/connection.js'
import type { SqlDriver } from '../driver/driver.js'
import { IdempotencyStore, type SqlIdempotencyProvider } from '../idempotency/idempotency-store.js'
import type { Claim, ClaimOptions } from '../ports/claims.js'
import type { IdempotencyEntry } from '../ports/idempotency.js'
import { migrate } from '../schema/migrate.js'
import { type AdapterOptions, resolveOptions } from './adapter-options.js'
import { pruneRegularly } from './prune-regularly.js'
import { Session } from './session.js'

/** The idempotency port alone: `scope({ persistence: { idempotency: new SQLiteIdempotencyAdapter(db) } })`. */
export class SqlIdempotencyAdapter implements SqlIdempotencyProvider, AsyncDisposable {
  readonly #session: Session
  readonly #results: IdempotencyStore

  /** @throws PersistenceError `INVALID_OPTION`. */
  constructor(handle: object, driver: () => SqlDriver, options?: AdapterOptions) {
    const resolved = resolveOptions(options)
    const connection = Connection.of(handle, driver, resolved)
    this.#session = new Session(
      connection,
      resolved,
      ({ queue, readOnly }) => migrate(queue, resolved.createTables && !readOnly),
      true,
    )
    this.#results = new IdempotencyStore(this.#session)
    pruneRegularly(this.#session, resolved.sweepInterval, () => this.prune())
  }

  /** Creates or updates the tables; may be repeated. Every method does it at the first use. */
  connect(): Promise<void> {
    return this.#session.connect()
  }

  disconnect(): Promise<void> {
    return this.#session.disconnect()
  }

  isConnected(): boolean {
    return this.#session.ready
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.disconnect()
  }

  get<T>(key: string): Promise<IdempotencyEntry<T> | null> {
    return this.#results.get<T>(key)
  }

  set<T>(key: string, value: T, ttl?: number): Promise<void> {
    return this.#results.set(key, value, ttl)
  }

  delete(key: string): Promise<void> {
    return this.#results.delete(key)
  }

  claim<T>(key: string, options: ClaimOptions): Promise<Claim<T>> {
    return this.#results.claim<T>(key, options)
  }

  prune(): Promise<number> {
    return this.#results.prune()
  }
}
