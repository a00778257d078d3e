import { checkKey } from '../../arguments/limits.js'
import { DELETE_FAILURE, SWEEP_CLAIMS, SWEEP_RECORDS } from '../../dialects/sqlite/statements/claims.js'
import { DELETE_RESULT, GET_RESULT, SET_RESULT, SWEEP_RESULTS } from '../../dialects/sqlite/statements/results.js'
import type { Row } from '../../driver/driver.js'
import type { Claim, ClaimingIdempotencyProvider, ClaimOptions } from '../../ports/claims.js'
import type { IdempotencyEntry } from '../../ports/idempotency.js'
import type { Parameters } from '../../queue/statement.js'
import type { Session } from '../../session/session.js'
import { Sweeper } from '../../session/sweeper.js'
import { expiry, timeToLive } from '../../time/time-to-live.js'
import { ClaimDesk } from './claims.js'
import { resultNotStored, unstoredIn } from './unstored-result.js'

const TABLE = 'go_goscope_idempotency'

/** The idempotency port with what our stores add. */
export interface SqlIdempotencyProvider extends ClaimingIdempotencyProvider {
  /** As the port's; `unknown` unless a type is written, which is taken on trust. So is {@link claim}'s. */
  get(key: string): Promise<IdempotencyEntry<unknown> | null>
  get<T>(key: string): Promise<IdempotencyEntry<T> | null>
  claim(key: string, options: ClaimOptions): Promise<Claim<unknown>>
  claim<T>(key: string, options: ClaimOptions): Promise<Claim<T>>
  /** Removes expired results of the table. Returns how many. */
  prune(): Promise<number>
}

/** Results by key in `go_goscope_idempotency`; what is stored comes back as it was. */
export class IdempotencyStore implements SqlIdempotencyProvider {
  readonly #session: Session
  readonly #desk: ClaimDesk
  readonly #sweeper: Sweeper
  readonly #claimSweepers: readonly Sweeper[]
  readonly sweepers: readonly Sweeper[]
  readonly #entry = (row: Row | undefined, [stored]: Parameters): IdempotencyEntry<unknown> | null => {
    if (row === undefined) return null
    const unstored = unstoredIn(row.value)
    if (unstored !== undefined) {
      throw resultNotStored(this.#session.names.idempotency.restore(stored as string), 'idempotency.get', unstored)
    }
    const value = this.#session.values.decode(row.value, TABLE, stored as string, 'idempotency.get')
    return row.expires_at === null ? { value } : { value, expiresAt: Number(row.expires_at) }
  }

  constructor(session: Session) {
    this.#session = session
    this.#desk = new ClaimDesk(session)
    this.#sweeper = new Sweeper(session, SWEEP_RESULTS, TABLE)
    this.#claimSweepers = [
      new Sweeper(session, SWEEP_CLAIMS, 'go_goscope_claims'),
      new Sweeper(session, SWEEP_RECORDS, 'go_goscope_claim_records'),
    ]
    this.sweepers = [this.#sweeper, ...this.#claimSweepers]
  }

  async get<T>(key: string): Promise<IdempotencyEntry<T> | null> {
    checkKey(key, this.#session.maxKeyLength, 'idempotency.get')
    if (!this.#session.ready) await this.#session.connect('idempotency.get')
    const stored = this.#session.names.idempotency.store(key)
    return this.#session.execute(GET_RESULT, [stored], this.#entry) as IdempotencyEntry<T> | null
  }

  async set<T>(key: string, value: T, ttl?: number): Promise<void> {
    checkKey(key, this.#session.maxKeyLength, 'idempotency.set')
    const lifetime = timeToLive(ttl, 'idempotency.set')
    const text = this.#session.values.encode(value, 'idempotency.set')
    const expiresAt = expiry(this.#session.clock.now(), lifetime)
    if (!this.#session.ready) await this.#session.connect('idempotency.set')
    if (expiresAt !== null) this.#sweeper.wrote(1)
    const stored = this.#session.names.idempotency.store(key)
    await this.#session.execute(SET_RESULT, [stored, text, expiresAt], nothing)
    this.#session.connection.keyWaiters.wake(stored)
  }

  async delete(key: string): Promise<void> {
    checkKey(key, this.#session.maxKeyLength, 'idempotency.delete')
    if (!this.#session.ready) await this.#session.connect('idempotency.delete')
    const stored = this.#session.names.idempotency.store(key)
    await this.#session.execute(DELETE_RESULT, [stored], nothing)
    // A key has a result or a kept failure, never both: no other caller can tell that these are two statements.
    await this.#session.execute(DELETE_FAILURE, [stored], nothing)
  }

  async claim<T>(key: string, options: ClaimOptions): Promise<Claim<T>> {
    const claim = await this.#desk.claim<T>(key, options)
    if (claim.state === 'claimed') for (const sweeper of this.#claimSweepers) sweeper.wrote(1)
    return claim
  }

  prune(): Promise<number> {
    return this.#session.whenReady('idempotency.prune', async () => {
      const removed = await this.#sweeper.prune()
      for (const sweeper of this.#claimSweepers) await sweeper.prune()
      return removed
    })
  }
}

const nothing = (): void => undefined
