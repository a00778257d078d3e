import { AbortSource } from '../cancellation/abort-source.js'
import { onAbort } from '../cancellation/on-abort.js'
import type { Reporter } from '../errors/reporter.js'
import { startTimer, type Timer } from './timer.js'

/** Share of the ttl after which a renewal that failed is tried again. */
const RETRY_AFTER = 0.1

interface LeaseTerms {
  /** ms. */
  readonly ttl: number
  /** ms after which it is renewed. */
  readonly renewAfter: number
  /** When the request for it was sent, monotonic ms: it was granted no earlier. */
  readonly asked: number
  /** Renews it; `false` when it is lost. A rejection leaves that open. */
  readonly extend: () => Promise<boolean>
  /** Aborts when the grantor knows that it is lost. `undefined`: the grantor has no such signal. */
  readonly signal: AbortSignal | undefined
  /** Begins the message of a loss. */
  readonly title: string
  /** The source in the report of a failed renewal. */
  readonly source: string
  readonly report: Reporter
}

/**
 * A lease that is renewed until `end` is called. It is lost when its grantor says so, and at the latest when its ttl has
 * passed on the monotonic clock of this process, counted from before the request that last set it. A failed renewal is
 * tried again until then. The timers do not keep the process alive: when the process ends, the lease expires.
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
    if (this.#over) this.#listener?.[Symbol.dispose]()
  }

  /** Stops the renewal and the watch for its loss. */
  end(): void {
    this.#over = true
    this.#renewal?.cancel()
    this.#expiry?.cancel()
    this.#listener?.[Symbol.dispose]()
  }

  /** Sets the timers for a ttl that counts from `asked` at the earliest. */
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
