import { Connection } from '../connection/connection.js'
import type { DatabaseOwner } from '../connection/database-owner.js'
import type { SqlDriver } from '../driver/driver.js'
import type { Claim, ClaimOptions } from '../ports/claims.js'
import type { IdempotencyEntry } from '../ports/idempotency.js'
import { pruneRegularly } from '../session/prune-timer.js'
import { Session } from '../session/session.js'
import { IdempotencyStore, type SqlIdempotencyProvider } from '../stores/idempotency/idempotency-store.js'
import type { OnceOptions, OnceRun } from '../stores/idempotency/once.js'
import { ADAPTER_OPTIONS, type AdapterOptions, givenOptions, resolveOptions } from './adapter-options.js'
import { BaseAdapter } from './base-adapter.js'
import type { Dialect } from './dialect.js'

/** An adapter with the idempotency port only: `scope({ persistence: { idempotency: new SQLiteIdempotencyAdapter(db) } })`. */
export class SqlIdempotencyAdapter extends BaseAdapter implements SqlIdempotencyProvider {
  readonly #results: IdempotencyStore

  /** @throws PersistenceError `INVALID_OPTION`, `SECOND_COPY`. */
  constructor(handle: object, driver: () => SqlDriver | DatabaseOwner, dialect: Dialect, options?: AdapterOptions) {
    const resolved = resolveOptions(givenOptions(options, ADAPTER_OPTIONS))
    const session = new Session(Connection.of(handle, driver, dialect, resolved), dialect, resolved, {
      setUp: dialect.setUp,
      readsSettings: true,
    })
    super(session)
    this.#results = new IdempotencyStore(session, dialect)
    pruneRegularly(session, resolved.sweepInterval, this.#results.sweepers)
  }

  get(key: string): Promise<IdempotencyEntry<unknown> | null>
  get<T>(key: string): Promise<IdempotencyEntry<T> | null>
  get<T>(key: string): Promise<IdempotencyEntry<T> | null> {
    return this.#results.get<T>(key)
  }

  set<T>(key: string, value: T, ttl?: number): Promise<void> {
    return this.#results.set(key, value, ttl)
  }

  delete(key: string): Promise<void> {
    return this.#results.delete(key)
  }

  claim(key: string, options: ClaimOptions): Promise<Claim<unknown>>
  claim<T>(key: string, options: ClaimOptions): Promise<Claim<T>>
  claim<T>(key: string, options: ClaimOptions): Promise<Claim<T>> {
    return this.#results.claim<T>(key, options)
  }

  once<T>(key: string, work: (run: OnceRun) => T | PromiseLike<T>, options?: OnceOptions): Promise<T> {
    return this.#results.once(key, work, options)
  }

  freeClaim(key: string, generation: number): Promise<boolean> {
    return this.#results.freeClaim(key, generation)
  }

  prune(): Promise<number> {
    return this.#results.prune()
  }
}
