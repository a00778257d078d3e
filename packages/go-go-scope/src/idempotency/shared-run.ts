import type { ClaimingIdempotencyProvider, IdempotencyProvider } from '@go-go-scope/persistence-core/ports'
import { type AbortSource, raceAbort } from '../cancellation/abort-source.js'
import { onAbort } from '../cancellation/on-abort.js'
import { SingleFlight } from '../concurrency/single-flight.js'
import { perProvider } from '../resource/per-provider.js'
import { claimKey } from './claim-key.js'
import { ClaimedRun } from './claimed-run.js'
import type { KeyedRun, KeyRequest, ReplayOrRun, RunClaim } from './keyed-run.js'
import type { PendingClaims } from './pending-claims.js'
import { ResultNotStoredError, reasonOf, saysNotStored } from './result-not-stored-error.js'
import { replayable } from './stored-result.js'
import { replayOrRunUnclaimed } from './unclaimed-run.js'

/** Work that must be done once. */
export interface IdempotentWork<T> {
  run(): Promise<T>
  /** Resolves when the function has ended, which after an abort is later than the end of the run. Never rejects. */
  readonly functionEnd: Promise<void>
}

/** The task that the run belongs to. */
interface RunOwner {
  readonly abort: AbortSource
  /** Returns the error for an aborted wait. */
  abortError(): unknown
  readonly pendingClaims: PendingClaims
}

/** The end of a run. `abandoned`: its own task was aborted, so one of the waiting tasks runs the key. */
type RunEnd = { readonly value: unknown } | { readonly error: unknown } | 'abandoned'

/** The runs of this process, by the store and then by the key. */
const runsOf = perProvider(() => new SingleFlight<Promise<RunEnd>>())

/**
 * Runs one task under its idempotency key. The task joins the current run of the key in this process, or replays the
 * recorded result, or runs and records its own. Joined tasks get the result once it is recorded.
 */
export class SharedRun<T> {
  readonly #provider: IdempotencyProvider
  readonly #request: KeyRequest
  readonly #owner: RunOwner
  /** Passes the end of this run to the tasks that joined it. Absent in a task that joins another run. */
  #settle: ((end: RunEnd) => void) | undefined
  #run: KeyedRun<T> | undefined
  #recording: Promise<void> | undefined

  constructor(provider: IdempotencyProvider, request: KeyRequest, owner: RunOwner) {
    this.#provider = provider
    this.#request = request
    this.#owner = owner
  }

  /** Resolves when the success is recorded, which after an abort is later than `conclude`. Never rejects. */
  get recording(): Promise<void> | undefined {
    return this.#recording
  }

  async run(work: IdempotentWork<T>): Promise<T> {
    const { abort, abortError } = this.#owner
    const runs = runsOf(this.#provider)
    const { key } = this.#request
    for (let running = runs.get(key); running !== undefined; running = runs.get(key)) {
      const joined = running
      const end = await raceAbort(abort, abortError, () => joined)
      if (end === 'abandoned') continue
      if ('error' in end) throw end.error
      return end.value as T
    }
    const own = new Promise<RunEnd>((resolve) => {
      this.#settle = resolve
    })
    runs.share(key, own)
    const answer = await this.#replayOrRun()
    return answer.replayed ? answer.value : this.#runOnce(answer, work)
  }

  /** Records a success, then ends the run for the joined tasks. An abort ends only the wait for that. Never rejects. */
  async conclude(end: { value: T } | { error: unknown }): Promise<void> {
    const { abort } = this.#owner
    const settle = (): void => this.#settle?.('error' in end && abort.aborted ? 'abandoned' : end)
    if ('error' in end || this.#run === undefined) return settle()
    const recording = this.#run.record(end.value).then(settle)
    this.#recording = recording
    const ignored = (): undefined => undefined
    await raceAbort(abort, ignored, () => recording).catch(ignored)
  }

  /** Replays or runs. If the key ended without a stored result, rejects with a `ResultNotStoredError`, not the store's error. */
  async #replayOrRun(): Promise<ReplayOrRun<T>> {
    const provider = this.#provider
    try {
      return await (canClaim(provider) ? this.#claim(provider) : replayOrRunUnclaimed<T>(provider, this.#request))
    } catch (error) {
      // In this order, because `instanceof` on a thrown Proxy may throw.
      if (!saysNotStored(error) || error instanceof ResultNotStoredError) throw error
      throw ResultNotStoredError.forLater(this.#request.key, reasonOf(error), { cause: error })
    }
  }

  /**
   * Claims the key. Rejects with a recorded failure and with the provider's error, because without a claim the key could
   * run in two processes.
   */
  async #claim(provider: ClaimingIdempotencyProvider): Promise<ReplayOrRun<T>> {
    const claim = await claimKey<T>(provider, this.#request)
    if (claim.state === 'failed') throw claim.error
    if (claim.state === 'claimed') return new ClaimedRun<T>(claim, this.#request)
    return { replayed: true, ...(replayable<T>(this.#request.key, claim.value) as { value: T }) }
  }

  /** Does the work. If the task fails, or is aborted before its success, the claim is released. */
  async #runOnce(run: KeyedRun<T>, work: IdempotentWork<T>): Promise<T> {
    const { abort, abortError } = this.#owner
    const { claim } = run
    const unlink = claim && onAbort(claim.lost, (reason) => abort.abort(reason))
    this.#run = run
    try {
      if (abort.aborted) throw abortError()
      const value = await work.run()
      // From here on a lost claim does not abort the task. The store decides whether a late result counts.
      unlink?.[Symbol.dispose]()
      return await run.succeeded(value)
    } catch (error) {
      if (claim !== undefined) await this.#fail(claim, error, work)
      throw error
    } finally {
      unlink?.[Symbol.dispose]()
    }
  }

  async #fail(claim: RunClaim, error: unknown, work: IdempotentWork<T>): Promise<void> {
    // The function of an aborted task continues until it notices the abort. Until then no other process may run the key.
    const freed = work.functionEnd.then(() => claim.fail(error))
    if (!this.#owner.abort.aborted) await freed
    else if (!claim.lost.aborted) this.#owner.pendingClaims.add(freed, () => claim.abandon())
  }
}

function canClaim(provider: IdempotencyProvider): provider is ClaimingIdempotencyProvider {
  return 'claim' in provider && typeof provider.claim === 'function'
}
