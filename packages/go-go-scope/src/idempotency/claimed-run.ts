import type { ClaimedKey } from '@go-go-scope/persistence-core/ports'
import { RenewedLease } from '../time/renewed-lease.js'
import type { KeyedRun, KeyRequest, RunClaim } from './keyed-run.js'
import { replayable, reportUnstored, type StoredResult, storeResult } from './stored-result.js'

/** Share of the lease after which it is renewed. Two renewals may fail before it expires. */
const RENEW_AFTER = 1 / 3

/** A run under a claim. The claim is renewed until the end of the run is reported. */
export class ClaimedRun<T> implements KeyedRun<T>, RunClaim {
  readonly replayed = false as const
  readonly #claimed: ClaimedKey<StoredResult<T>>
  readonly #request: KeyRequest
  readonly #lease: RenewedLease
  #abandoned = false

  constructor(claimed: ClaimedKey<StoredResult<T>>, request: KeyRequest) {
    this.#claimed = claimed
    this.#request = request
    this.#lease = new RenewedLease({
      ttl: request.lease,
      renewAfter: request.lease * RENEW_AFTER,
      // The provider may have waited before it granted the claim. The claim's own signal knows the exact end.
      asked: performance.now(),
      extend: () => this.#renew(),
      signal: claimed.signal,
      title: `The claim of '${request.key}'`,
      source: 'idempotency.renew',
      report: request.report,
    })
  }

  get claim(): RunClaim {
    return this
  }

  get lost(): AbortSignal {
    return this.#lease.lost.signal
  }

  async succeeded(value: T): Promise<T> {
    try {
      return await storeResult(() => this.#complete(value))
    } catch (error) {
      await reportUnstored(this.#request, 'idempotency.complete', error, async (mark) => {
        const { recorded } = await this.#claimed.complete(mark)
        return recorded
      })
      return value
    } finally {
      this.#lease.end()
    }
  }

  /** Does nothing: `succeeded` has completed the claim with the result. */
  async record(): Promise<void> {}

  async fail(error: unknown): Promise<void> {
    if (!this.#lease.lost.aborted) await this.#reportFailure(error)
    this.#lease.end()
  }

  abandon(): void {
    this.#abandoned = true
    this.#lease.end()
  }

  /** Completes the claim. Returns the value that counts, which may be that of another run. */
  async #complete(value: T): Promise<T> {
    const outcome = await this.#claimed.complete([undefined, value])
    if (outcome.recorded) return value
    const { current } = outcome
    const recorded = current.state === 'completed' ? replayable<T>(this.#request.key, current.value) : undefined
    if (recorded === undefined) {
      throw new Error(`The claim of '${this.#request.key}' was over before its result was reported`)
    }
    return recorded.value
  }

  async #reportFailure(error: unknown): Promise<void> {
    try {
      await this.#claimed.fail(error)
    } catch (failure) {
      // After the end of its scope the store is probably closed. The key is released when the lease expires.
      if (!this.#abandoned) this.#request.report('idempotency.fail', failure)
    }
  }

  async #renew(): Promise<boolean> {
    if (await this.#claimed.renew(this.#request.lease)) return true
    // `false` can also mean that the provider could not renew the claim just now. Only an aborted signal means a loss.
    if (!this.#claimed.signal.aborted) throw new Error('The claim could not be renewed now')
    return false
  }
}
