import type { Session } from '../adapter/session.js'
import { checkKey } from '../arguments/limits.js'
import type { Row } from '../driver/driver.js'
import type { Parameters } from '../driver/statement.js'
import type { IdempotencyEntry, IdempotencyProvider } from '../ports/idempotency.js'
import { Sweeper } from '../time/sweeper.js'
import { expiry, timeToLive } from '../time/time-to-live.js'
import { DELETE_RESULT, GET_RESULT, SET_RESULT, SWEEP_RESULTS } from './idempotency-sql.js'

const TABLE = 'go_goscope_idempotency'

/** The idempotency port with what our stores add. */
export interface SqlIdempotencyProvider extends IdempotencyProvider {
  /** Removes expired results of the table. Returns how many. */
  prune(): Promise<number>
}

/** Results by key in `go_goscope_idempotency`; what is stored comes back as it was. */
export class IdempotencyStore implements SqlIdempotencyProvider {
  readonly #session: Session
  readonly #sweeper: Sweeper
  readonly #entry = (row: Row | undefined, [stored]: Parameters): IdempotencyEntry<unknown> | null => {
    if (row === undefined) return null
    const value = this.#session.values.decode(row.value, TABLE, stored as string, 'idempotency.get')
    return row.expires_at === null ? { value } : { value, expiresAt: Number(row.expires_at) }
  }

  constructor(session: Session) {
    this.#session = session
    this.#sweeper = new Sweeper(session, SWEEP_RESULTS, TABLE)
  }

  async get<T>(key: string): Promise<IdempotencyEntry<T> | null> {
    checkKey(key, this.#session.maxKeyLength, 'idempotency.get')
    if (!this.#session.ready) await this.#session.connect()
    const stored = this.#session.names.idempotency.store(key)
    return this.#session.execute(GET_RESULT, [stored], this.#entry) as IdempotencyEntry<T> | null
  }

  async set<T>(key: string, value: T, ttl?: number): Promise<void> {
    checkKey(key, this.#session.maxKeyLength, 'idempotency.set')
    const lifetime = timeToLive(ttl, 'idempotency.set')
    const text = this.#session.values.encode(value, 'idempotency.set')
    const expiresAt = expiry(this.#session.clock.now(), lifetime)
    if (!this.#session.ready) await this.#session.connect()
    if (expiresAt !== null) this.#sweeper.wrote(1)
    return this.#session.execute(SET_RESULT, [this.#session.names.idempotency.store(key), text, expiresAt], nothing)
  }

  async delete(key: string): Promise<void> {
    checkKey(key, this.#session.maxKeyLength, 'idempotency.delete')
    if (!this.#session.ready) await this.#session.connect()
    return this.#session.execute(DELETE_RESULT, [this.#session.names.idempotency.store(key)], nothing)
  }

  prune(): Promise<number> {
    return this.#session.whenReady(() => this.#sweeper.prune())
  }
}

const nothing = (): void => undefined
