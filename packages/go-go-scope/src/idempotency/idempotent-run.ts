import type { ClaimingIdempotencyProvider, IdempotencyProvider } from '@go-go-scope/persistence-core/ports'
import type { AbortSource } from '../cancellation/abort-source.js'
import { onAbort } from '../cancellation/on-abort.js'
import { raceAbort } from '../cancellation/race-abort.js'
import { ClaimedTurn } from './claimed-turn.js'
import type { IdempotentAnswer, IdempotentRequest, IdempotentTurn, KeptClaim } from './idempotent-turn.js'
import { joinRun, type RunEnd, type SharedRun } from './join-run.js'
import { lookUp } from './look-up.js'
import { ResultNotStoredError, reasonOf, saysNotStored } from './result-not-stored-error.js'
import { replayable } from './stored-result.js'
import { takeKey } from './take-key.js'
import type { UnfinishedClaims } from './unfinished-claims.js'

/** The work that is to be done once. */
export interface IdempotentWork<T> {
  run(): Promise<T>
  /** When nothing of it is running any more; an abort ends the run earlier. Never rejects. */
  readonly functionEnd: Promise<void>
}

/** The task whose key it is. */
interface Caller {
  readonly abort: AbortSource
  /** What an aborted wait rejects with. */
  abortError(): unknown
  readonly unfinished: UnfinishedClaims
}

/** One task's way through its key: joins the run of this process, replays what is recorded, or runs and records. */
export class IdempotentRun<T> {
  readonly #provider: IdempotencyProvider
  readonly #request: IdempotentRequest
  readonly #caller: Caller
  #shared: SharedRun<T> | undefined
  #turn: IdempotentTurn<T> | undefined

  constructor(provider: IdempotencyProvider, request: IdempotentRequest, caller: Caller) {
    this.#provider = provider
    this.#request = request
    this.#caller = caller
  }

  async run(work: IdempotentWork<T>): Promise<T> {
    const { abort, abortError } = this.#caller
    for (;;) {
      const shared = joinRun<T>(this.#provider, this.#request.key)
      if (shared.first) {
        this.#shared = shared
        const answer = await this.#ask()
        return answer.replayed ? answer.value : this.#runTurn(answer, work)
      }
      const end = await raceAbort<RunEnd<T>>(abort, abortError, () => shared.ended)
      if (end === 'abandoned') continue
      if ('value' in end) return end.value
      throw end.error
    }
  }

  /** Records a success and lets go of those who share this run. An abort ends only the wait for it. Never rejects. */
  async conclude(end: { value: T } | { error: unknown }): Promise<void> {
    const { abort } = this.#caller
    const endShared = (): void => {
      if (!this.#shared?.first) return
      this.#shared.end('error' in end && abort.aborted ? 'abandoned' : end)
    }
    if ('error' in end || this.#turn === undefined) return endShared()
    const recorded = this.#turn.record(end.value).then(endShared)
    const ignored = (): undefined => undefined
    await raceAbort(abort, ignored, () => recorded).catch(ignored)
  }

  /**
   * Rejects with a `ResultNotStoredError` of a key that has ended without its result, for every way in which stores
   * report that.
   */
  async #ask(): Promise<IdempotentAnswer<T>> {
    const provider = this.#provider
    try {
      return await (canClaim(provider) ? this.#claim(provider) : lookUp<T>(provider, this.#request))
    } catch (error) {
      if (error instanceof ResultNotStoredError || !saysNotStored(error)) throw error
      throw ResultNotStoredError.forLater(this.#request.key, reasonOf(error), { cause: error })
    }
  }

  /** Rejects with what a claim rejects with, its provider promises one run over all processes; and a kept failure. */
  async #claim(provider: ClaimingIdempotencyProvider): Promise<IdempotentAnswer<T>> {
    const claim = await takeKey<T>(provider, this.#request)
    if (claim.state === 'failed') throw claim.error
    if (claim.state === 'claimed') return new ClaimedTurn<T>(provider, claim, this.#request)
    return { replayed: true, ...(replayable<T>(this.#request.key, claim.value) as { value: T }) }
  }

  /** Runs with the right to do so, and gives that back when the task fails or is aborted before its success. */
  async #runTurn(turn: IdempotentTurn<T>, work: IdempotentWork<T>): Promise<T> {
    const { abort, abortError } = this.#caller
    const { claim } = turn
    const unlink = claim && onAbort(claim.lost, (reason) => abort.abort(reason))
    this.#turn = turn
    try {
      if (abort.aborted) throw abortError()
      const done = await work.run()
      // Whether a result that comes too late still counts is decided where it is recorded.
      unlink?.[Symbol.dispose]()
      return await turn.succeeded(done)
    } catch (error) {
      if (claim !== undefined) await this.#free(claim, error, work)
      throw error
    } finally {
      unlink?.[Symbol.dispose]()
    }
  }

  async #free(claim: KeptClaim, error: unknown, work: IdempotentWork<T>): Promise<void> {
    // An aborted function goes on until it notices, and no other task may run the key beside it.
    const freed = work.functionEnd.then(() => claim.free(error))
    if (!this.#caller.abort.aborted) await freed
    else if (!claim.lost.aborted) this.#caller.unfinished.add(freed, () => claim.leave())
  }
}

function canClaim(provider: IdempotencyProvider): provider is ClaimingIdempotencyProvider {
  return 'claim' in provider && typeof provider.claim === 'function'
}
