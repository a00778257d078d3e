import { invalidArgument, shown } from '../../arguments/invalid.js'
import { checkKey } from '../../arguments/limits.js'
import type { Row } from '../../driver/driver.js'
import type { Claim, ClaimingIdempotencyProvider, ClaimOptions } from '../../ports/claims.js'
import type { IdempotencyEntry } from '../../ports/idempotency.js'
import { hasRow, nothing, type Parameters } from '../../queue/statement.js'
import type { Session } from '../../session/session.js'
import { Sweeper } from '../../session/sweeper.js'
import { timeToLive } from '../../time/time-to-live.js'
import { type ClaimRequest, claimRequest } from './claim-options.js'
import { ClaimRows } from './claim-rows.js'
import { Claims } from './claims.js'
import type { ClaimSql, ResultSql } from './idempotency-sql.js'
import { KeyWaiters } from './key-waiters.js'
import { type OnceOptions, type OnceRun, runOnce } from './once.js'
import { resultNotStored, unstoredIn } from './unstored-result.js'

// A late report counts while its claim has a row. Where keys are claimed all the time, a sweep runs every second.
const LATE_REPORT_MS = 10 * 60_000

/** The idempotency port with the additions of this package. */
export interface SqlIdempotencyProvider extends ClaimingIdempotencyProvider {
  /**
   * Returns the result of `key`, or `null` when it is absent or expired. The type argument is not checked.
   *
   * @throws (as a rejection) PersistenceError `RESULT_NOT_STORED` when the work was done and its result could not be stored.
   */
  get(key: string): Promise<IdempotencyEntry<unknown> | null>
  get<T>(key: string): Promise<IdempotencyEntry<T> | null>
  /**
   * Claims `key`, or returns what is on record for it. A result stored by `set` counts as completed. The type argument is not
   * checked.
   *
   * @throws (as a rejection) PersistenceError `RESULT_NOT_STORED`, `FINGERPRINT_MISMATCH`, `INVALID_KEY`, `INVALID_TTL`,
   *   `INVALID_ARGUMENT`; the reason of the signal when it aborts.
   */
  claim(key: string, options: ClaimOptions): Promise<Claim<unknown>>
  claim<T>(key: string, options: ClaimOptions): Promise<Claim<T>>
  /**
   * Runs `work` once across all processes and returns its result. A stored result is returned without a run; while another caller
   * runs the work of the key, the call waits for its result, without end unless `signal` ends it. The claim is renewed until the
   * work has settled. `work` must not wait for its own key. The type of a stored result is not checked.
   *
   * When `work` throws or rejects, the key is free at once and the call rejects with that error. If another caller has claimed the
   * key meanwhile, because the lease was over, the result of the caller that has completed the key counts.
   *
   * @returns the value of `work`; for other callers, a copy of it.
   * @throws (as a rejection) the error of `work`; a failure that another caller kept; the reason of `signal` when it ends the
   *   wait; PersistenceError `CLAIM_LOST` when the result was refused and the key has no other; `RESULT_NOT_STORED`,
   *   `FINGERPRINT_MISMATCH`, `INVALID_KEY`, `INVALID_TTL`, `INVALID_ARGUMENT`; if the result cannot be reported until the claim is
   *   lost, the error of the last attempt.
   *
   * @example
   * ```ts
   * const receipt = await persistence.idempotency.once('charge:order-1001', async () => 'R-1001', { ttl: 24 * 60 * 60_000 })
   * ```
   */
  once<T>(key: string, work: (run: OnceRun) => T | PromiseLike<T>, options?: OnceOptions): Promise<T>
  /**
   * Ends the claim on `key` with this generation: the key is free, and a later report of the claimant is refused. Meant for the
   * claim of a process that has died.
   *
   * @param generation The `generation` from `inspect().claims()`.
   * @returns `false` when there is no such claim any more. Another claim on the key is not affected.
   * @throws (as a rejection) PersistenceError `INVALID_KEY`, `INVALID_ARGUMENT`.
   */
  freeClaim(key: string, generation: number): Promise<boolean>
  /** Removes expired results, and claims and records that are over. @returns the number of removed results. */
  prune(): Promise<number>
}

/** Results by key. A stored value is returned unchanged. */
export class IdempotencyStore implements SqlIdempotencyProvider {
  readonly #session: Session
  readonly #sql: ResultSql
  readonly #claimSql: ClaimSql
  readonly #waiters: KeyWaiters
  readonly #claims: Claims
  readonly #sweeper: Sweeper
  readonly #claimSweepers: readonly Sweeper[]
  readonly sweepers: readonly Sweeper[]
  readonly #entry = (row: Row | undefined, [stored]: Parameters): IdempotencyEntry<unknown> | null => {
    if (row === undefined) return null
    const unstored = unstoredIn(row.unstored ?? row.value)
    if (unstored !== undefined) {
      throw resultNotStored(this.#session.names.idempotency.restore(stored as string), 'idempotency.get', unstored)
    }
    const value = this.#session.values.decode(row.value, this.#sql.table, stored as string, 'idempotency.get')
    return row.expires_at === null ? { value } : { value, expiresAt: Number(row.expires_at) }
  }

  constructor(session: Session, sql: { readonly results: ResultSql; readonly claims: ClaimSql }) {
    this.#session = session
    this.#sql = sql.results
    this.#claimSql = sql.claims
    this.#waiters = session.connection.shared(KeyWaiters)
    this.#claims = new Claims(session, new ClaimRows(session, sql.claims, sql.results.table))
    this.#sweeper = new Sweeper(session, sql.results.sweep, sql.results.table)
    this.#claimSweepers = [
      new Sweeper(session, sql.claims.sweepClaims, sql.claims.table, LATE_REPORT_MS),
      new Sweeper(session, sql.claims.sweepRecords, sql.claims.recordTable),
    ]
    this.sweepers = [this.#sweeper, ...this.#claimSweepers]
  }

  // Not async, for the reason given in CacheStore.get.
  get<T>(key: string): Promise<IdempotencyEntry<T> | null> {
    try {
      checkKey(key, this.#session.maxKeyLength, 'idempotency.get')
      if (!this.#session.ready) return this.#session.connect('idempotency.get').then(() => this.#get<T>(key))
      return Promise.resolve(this.#get<T>(key))
    } catch (error) {
      return Promise.reject(error)
    }
  }

  #get<T>(key: string): Promise<IdempotencyEntry<T> | null> | IdempotencyEntry<T> | null {
    const stored = this.#session.names.idempotency.store(key)
    return this.#session.execute(this.#sql.get, [stored], this.#entry) as IdempotencyEntry<T> | null
  }

  async set<T>(key: string, value: T, ttl?: number): Promise<void> {
    checkKey(key, this.#session.maxKeyLength, 'idempotency.set')
    const lifetime = timeToLive(ttl, 'idempotency.set')
    const text = this.#session.values.encode(value, 'idempotency.set')
    const expiresAt = this.#session.clock.expiry(lifetime)
    if (!this.#session.ready) await this.#session.connect('idempotency.set')
    if (expiresAt !== null) this.#sweeper.wrote(1)
    const stored = this.#session.names.idempotency.store(key)
    await this.#session.execute(this.#sql.set, [stored, text, expiresAt], nothing)
    this.#waiters.wake(stored)
  }

  async delete(key: string): Promise<void> {
    checkKey(key, this.#session.maxKeyLength, 'idempotency.delete')
    if (!this.#session.ready) await this.#session.connect('idempotency.delete')
    const stored = this.#session.names.idempotency.store(key)
    await this.#session.execute(this.#sql.delete, [stored], nothing)
    // A key never has both a result and a kept failure, so no other caller can observe that these are two statements.
    const { deleteFailure } = this.#claimSql
    if (deleteFailure !== undefined) await this.#session.executeRegardless(deleteFailure, [stored], nothing)
  }

  async claim<T>(key: string, options: ClaimOptions): Promise<Claim<T>> {
    return this.#claim<T>(claimRequest(key, options, this.#session.maxKeyLength, 'idempotency.claim'))
  }

  once<T>(key: string, work: (run: OnceRun) => T | PromiseLike<T>, options?: OnceOptions): Promise<T> {
    return runOnce(this.#session, (request) => this.#claim<T>(request), key, work, options)
  }

  async #claim<T>(request: ClaimRequest): Promise<Claim<T>> {
    const claim = await this.#claims.claim<T>(request)
    if (claim.state === 'claimed') for (const sweeper of this.#claimSweepers) sweeper.wrote(1)
    return claim
  }

  async freeClaim(key: string, generation: number): Promise<boolean> {
    checkKey(key, this.#session.maxKeyLength, 'idempotency.freeClaim')
    if (!Number.isSafeInteger(generation)) {
      throw invalidArgument('idempotency.freeClaim', `generation must be a whole number, got ${shown(generation)}`)
    }
    if (!this.#session.ready) await this.#session.connect('idempotency.freeClaim')
    const stored = this.#session.names.idempotency.store(key)
    const freed = await this.#session.execute(this.#claimSql.free, [stored, generation], hasRow)
    if (freed) this.#waiters.wake(stored)
    return freed
  }

  async prune(operation = 'idempotency.prune'): Promise<number> {
    const removed = await this.#sweeper.prune(operation)
    for (const sweeper of this.#claimSweepers) if (!this.#session.ended) await sweeper.prune(operation)
    return removed
  }
}
