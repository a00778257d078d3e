import { AbortSource } from '../cancellation/abort-source.js'
import { onAbort } from '../cancellation/on-abort.js'
import type { Reporter } from '../errors/reporter.js'
import { startTimer, type Timer } from './timer.js'

/** Share of the ttl after which a failed renewal is retried. */
const RETRY_AFTER = 0.1

interface LeaseTerms {
  /** ms. */
  readonly ttl: number
  /** ms after which it is renewed. */
  readonly renewAfter: number
  /** When the request for the lease was sent, monotonic ms. It was not granted earlier. */
  readonly asked: number
  /** Renews the lease. Returns `false` if it is lost. After a rejection that is unknown. */
  readonly extend: () => Promise<boolean>
  /** Aborts when the provider knows that the lease is lost. `undefined`: the provider has no such signal. */
  readonly signal: AbortSignal | undefined
  /** The start of the message for a loss. */
  readonly title: string
  /** The source in the report of a failed renewal. */
  readonly source: string
  readonly report: Reporter
}

/**
 * A lease that is renewed until `end` is called. It is lost when its provider says so, and at the latest when its ttl has
 * passed on the monotonic clock of this process, counted from before the last successful request was sent. A failed renewal
 * is retried until then. The timers do not keep the process alive: when the process ends, the lease expires.
 */
export class RenewedLease {
  readonly lost: AbortSource = new AbortSource()
  readonly #terms: LeaseTerms
  readonly #listener: Disposable | undefined
  #renewal: Timer | undefined
  #expiry: Timer | undefined
  #over = false

  constructor(terms: LeaseTerms) {
    this.#terms = terms
    this.#granted(terms.asked)
    this.#listener = terms.signal && onAbort(terms.signal, (reason) => this.#lose(reason))
  }

  /** Stops the renewal. The lease is no longer reported as lost. */
  end(): void {
    this.#over = true
    this.#renewal?.cancel()
    this.#expiry?.cancel()
    this.#listener?.[Symbol.dispose]()
  }

  /** Sets the timers for a ttl that counts from `asked`. */
  #granted(asked: number): void {
    const { ttl, renewAfter, title } = this.#terms
    const expire = (): void => this.#lose(new Error(`${title} expired before it was renewed`))
    this.#expiry?.cancel()
    this.#expiry = startTimer(asked + ttl - performance.now(), expire, false)
    this.#renewIn(asked + renewAfter - performance.now())
  }

  #renewIn(delay: number): void {
    this.#renewal?.cancel()
    this.#renewal = startTimer(delay, () => void this.#renew(), false)
  }

  async #renew(): Promise<void> {
    const { ttl, extend, title, source, report } = this.#terms
    const asked = performance.now()
    try {
      const extended = await extend()
      if (this.#over) return
      if (extended) this.#granted(asked)
      else this.#lose(new Error(`${title} was lost: its owner is no longer the holder`))
    } catch (error) {
      if (this.#over) return
      report(source, error)
      this.#renewIn(ttl * RETRY_AFTER)
    }
  }

  #lose(reason: unknown): void {
    if (this.#over) return
    this.end()
    this.lost.abort(reason)
  }
}
