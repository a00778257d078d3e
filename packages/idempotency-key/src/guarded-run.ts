import type { ClaimedKey, ClaimOutcome, PersistenceError } from '@go-go-scope/persistence-core/integration'
import { type KeptResponse, keptOf, type MadeResponse, replayOf } from './kept-response.js'
import { type IdempotencyProblem, keepByDefault, type ResponseHead, type Settings } from './options.js'
import { outstandingRequest, responseNotKept } from './problem-response.js'
import { readBody } from './read-body.js'

const RENEWALS_PER_LEASE = 3
/** The number of leases for which a key stays claimed after its client has gone, or its response could not be recorded. */
const LAST_LEASES = 10

/** Node's response, whose end is the end of the client's connection. */
interface ClientConnection {
  readonly destroyed: boolean
  /** HTTP/2 has the state of the connection here, not in `destroyed`. */
  readonly stream?: { readonly destroyed: boolean }
  once(event: 'close', listener: () => void): unknown
}

/** A claimed request while its handler runs. One of the methods must be called when the handler has ended. */
export class GuardedRun {
  readonly #claim: ClaimedKey<KeptResponse>
  readonly #key: string
  readonly #settings: Settings<never>
  readonly #renewal: NodeJS.Timeout
  #renewalsLeft = Number.POSITIVE_INFINITY
  /** The response that the store could not record yet. */
  #unrecorded: KeptResponse | undefined

  constructor(claim: ClaimedKey<KeptResponse>, key: string, settings: Settings<never>) {
    this.#claim = claim
    this.#key = key
    this.#settings = settings
    // `renew` never rejects. A lost claim is detected when the response is reported.
    this.#renewal = setInterval(() => {
      if (--this.#renewalsLeft < 0) return clearInterval(this.#renewal)
      void claim.renew()
      if (this.#unrecorded !== undefined) void this.#record(this.#unrecorded, true)
    }, settings.lease / RENEWALS_PER_LEASE)
    this.#renewal.unref()
  }

  /** Stores the response of the handler, or releases the key. Returns the response to send, usually the same one. */
  async finish(response: Response): Promise<Response> {
    const { status, headers } = response
    const keeps = this.#keeps(response)
    const body = keeps ? await readBody(response, this.#settings.maxBody) : null
    return (await this.#end(keeps, { status, headers, body })) ?? response
  }

  /** As {@link finish}, for a response that is not a fetch `Response`. Returns the response to send instead, if any. */
  settle(made: MadeResponse): Promise<Response | undefined> {
    return this.#end(this.#keeps(made), made)
  }

  async #end(keeps: boolean, made: MadeResponse): Promise<Response | undefined> {
    if (!keeps) {
      await this.#free(`status ${made.status}`)
      return undefined
    }
    if (made.body === null) {
      this.#report('response-not-stored', 'its body is too long, a stream, broken off or read before')
    }
    const outcome = await this.#record(keptOf(made))
    if (outcome === undefined || outcome.recorded) return undefined
    if (outcome.current.state === 'completed') return answerOf(outcome.current.value)
    return outcome.current.state === 'running' ? outstandingRequest() : undefined
  }

  /**
   * Records the response. If the store is only unable to do that now, for example because it is busy, the claim is renewed for a
   * while, and each renewal tries again: when the claim ended, the next request with the key would be handled again.
   *
   * @returns `undefined` if the store did not record it.
   */
  async #record(kept: KeptResponse, again = false): Promise<ClaimOutcome<KeptResponse> | undefined> {
    this.#unrecorded = undefined
    try {
      const outcome = await this.#claim.complete(kept)
      clearInterval(this.#renewal)
      if (!outcome.recorded) {
        this.#report('claim-lost', `its lease was over; the key is ${outcome.current.state}`)
      }
      return outcome
    } catch (cause) {
      const { retryable } = cause as PersistenceError
      if (retryable) {
        this.#unrecorded = kept
        this.#limitRenewal()
      } else clearInterval(this.#renewal)
      // Reported by the first try.
      if (!again || !retryable) this.#report('response-not-stored', 'the store refused it', cause)
      return undefined
    }
  }

  /**
   * Limits the renewal after the client has disconnected, perhaps while the key was being claimed. The handler may still run, so
   * the key stays claimed for a while. Not forever, because a handler that stops when its client disconnects never ends its
   * response.
   */
  follow(response: ClientConnection): void {
    const left = (): void => this.#limitRenewal()
    if (response.destroyed || response.stream?.destroyed) left()
    else response.once('close', left)
  }

  #limitRenewal(): void {
    this.#renewalsLeft = Math.min(this.#renewalsLeft, LAST_LEASES * RENEWALS_PER_LEASE)
  }

  /** Releases the key after the handler has thrown. */
  abandon(): Promise<void> {
    return this.#free('the handler threw')
  }

  #keeps({ status, headers }: ResponseHead): boolean {
    // No response can be made of it for a repeated request, as of `Response.error()`, which has the status 0.
    if (!(status >= 200 && status <= 599)) return false
    const { keep } = this.#settings
    try {
      return keep({ status, headers })
    } catch (cause) {
      // The work is done. An error in the app's `keep` must neither repeat the work nor keep the key claimed forever.
      this.#report('keep-failed', 'the option keep threw; the default decided', cause)
      return keepByDefault({ status })
    }
  }

  async #free(reason: string): Promise<void> {
    clearInterval(this.#renewal)
    await this.#claim.fail(reason).catch((cause) => {
      this.#report('key-not-freed', `after ${reason} the store could not free the key`, cause)
    })
  }

  #report(type: IdempotencyProblem['type'], message: string, cause?: unknown): void {
    try {
      this.#settings.onProblem({ type, key: this.#key, message, ...(cause !== undefined && { cause }) })
    } catch {
      // An error of the app's listener must not fail the response.
    }
  }
}

/** Returns the response to a repeated request. */
export function answerOf(kept: KeptResponse): Response {
  return kept.body === null ? responseNotKept(kept.status) : replayOf(kept)
}
