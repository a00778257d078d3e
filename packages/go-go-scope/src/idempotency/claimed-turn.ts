import type { ClaimedKey, ClaimingIdempotencyProvider, ClaimOutcome } from '@go-go-scope/persistence-sqlite-core/ports'
import { Lease } from '../time/renewed-lease.js'
import type { IdempotentRequest, IdempotentTurn, KeptClaim } from './idempotent-turn.js'
import { replayable, reportUnstored, type StoredResult } from './stored-result.js'

/** Share of the lease after which it is renewed: two renewals may fail before it ends. */
const RENEW_AFTER = 1 / 3

/** Runs under a claim, which is renewed until the end of the run is reported. */
export class ClaimedTurn<T> implements IdempotentTurn<T>, KeptClaim {
  readonly replayed = false as const
  readonly #provider: ClaimingIdempotencyProvider
  readonly #held: ClaimedKey<StoredResult<T>>
  readonly #request: IdempotentRequest
  readonly #lease: Lease
  #left = false

  constructor(provider: ClaimingIdempotencyProvider, claim: ClaimedKey<StoredResult<T>>, request: IdempotentRequest) {
    this.#provider = provider
    this.#held = claim
    this.#request = request
    this.#lease = new Lease({
      ttl: request.lease,
      renewAfter: request.lease * RENEW_AFTER,
      // How much of the time went into waiting is not known here; the claim's own signal has the exact end.
      asked: performance.now(),
      extend: () => this.#renew(),
      signal: claim.signal,
      title: `The claim of '${request.key}'`,
      source: 'idempotency.renew',
      report: request.report,
    })
  }

  get claim(): KeptClaim {
    return this
  }

  get lost(): AbortSignal {
    return this.#lease.lost.signal
  }

  async succeeded(value: T): Promise<T> {
    try {
      return await this.#complete(value)
    } catch (error) {
      await reportUnstored(this.#request, 'idempotency.complete', error, async (mark) => {
        const { recorded } = await this.#held.complete(mark)
        return recorded
      })
      return value
    } finally {
      this.#lease.end()
    }
  }

  /** Done already: a claim ends with its result. */
  async record(): Promise<void> {}

  async free(error: unknown): Promise<void> {
    if (!this.#lease.lost.aborted) await this.#fail(error)
    this.#lease.end()
  }

  leave(): void {
    this.#left = true
    this.#lease.end()
  }

  /** @returns the value that holds. */
  async #complete(value: T): Promise<T> {
    let outcome = await this.#held.complete([undefined, value])
    if (!outcome.recorded && outcome.current.state === 'vacant') outcome = await this.#completeAgain(value)
    if (outcome.recorded) return value
    const { current } = outcome
    const theirs = current.state === 'completed' ? replayable<T>(this.#request.key, current.value) : undefined
    if (theirs === undefined) {
      throw new Error(`The claim of '${this.#request.key}' was over before its result was reported`)
    }
    return theirs.value
  }

  /** The function blocked the event loop for longer than the lease, and nobody has taken over. */
  async #completeAgain(value: T): Promise<ClaimOutcome<StoredResult<T>>> {
    const { key, lease, ttl } = this.#request
    const again = await this.#provider.claim<StoredResult<T>>(key, { lease, ...(ttl !== undefined && { ttl }) })
    return again.state === 'claimed' ? again.complete([undefined, value]) : { recorded: false, current: again }
  }

  async #fail(error: unknown): Promise<void> {
    try {
      await this.#held.fail(error)
    } catch (failure) {
      // After the end of its scope the store is likely closed, and the lease frees the key.
      if (!this.#left) this.#request.report('idempotency.fail', failure)
    }
  }

  async #renew(): Promise<boolean> {
    if (await this.#held.renew(this.#request.lease)) return true
    // False also means that it could not be renewed just now, which is no loss yet.
    if (!this.#held.signal.aborted) throw new Error('The claim could not be renewed now')
    return false
  }
}
