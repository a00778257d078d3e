import type { LockHandle } from '@go-go-scope/persistence-sqlite-core/ports'
import { AbortSource } from '../cancellation/abort-source.js'
import { onAbort } from '../cancellation/on-abort.js'
import type { Reporter } from '../errors/reporter.js'
import { startTimer, type Timer } from '../time/start-timer.js'
import type { Claimant } from './attempt.js'
import type { Hold } from './hold.js'

/** Shares of the ttl: when a lock is renewed, and when to try again after a renewal that failed. */
const RENEW_AFTER = 0.6
const RETRY_AFTER = 0.1

/**
 * A lock of a provider, renewed every 60 % of its ttl while held, or something else that is leased. It counts as lost when the provider says so (by its
 * signal, or by a renewal that answers `false`), and at the latest when its ttl has passed by the local monotonic
 * clock, counted from before the request that last set it. A renewal that fails is repeated until then. The timers do
 * not keep the process alive: a process that ends lets its locks expire.
 */
export class Lease implements Hold {
  readonly lost: AbortSource = new AbortSource()
  readonly synchronous: boolean = false
  readonly handle: LockHandle
  readonly #key: string
  readonly #ttl: number
  /** ms. */
  readonly #renewAfter: number
  readonly #report: Reporter
  readonly #listener: Disposable | undefined
  #renewal: Timer | undefined
  #expiry: Timer | undefined
  #over = false

  /** One try; `null` when somebody else holds the lock. Rejects with the provider's error. */
  static async acquire({ provider, ttl, owner, report }: Claimant, key: string): Promise<Lease | null> {
    const asked = performance.now()
    const handle = await provider.acquire(key, ttl, owner)
    return handle && new Lease(handle, key, ttl, ttl * RENEW_AFTER, asked, report)
  }

  /**
   * @param renewAfter ms.
   * @param asked when it was granted at the earliest, monotonic ms.
   */
  constructor(handle: LockHandle, key: string, ttl: number, renewAfter: number, asked: number, report: Reporter) {
    this.handle = handle
    this.#key = key
    this.#ttl = ttl
    this.#renewAfter = renewAfter
    this.#report = report
    this.#granted(asked)
    // Some handles tell by themselves when the provider sees that the lease is lost.
    const { signal } = handle as { signal?: AbortSignal }
    this.#listener = signal && onAbort(signal, (reason) => this.#lose(reason))
    if (this.#over) this.#listener?.[Symbol.dispose]()
  }

  async release(): Promise<void> {
    this.#stop()
    // Also after a loss: if the provider still thinks it is ours, nobody need wait for the expiry.
    await this.handle.release()
  }

  /** Sets the clocks for a ttl that the provider has counted from `asked` at the earliest. */
  #granted(asked: number): void {
    const left = asked + this.#ttl - performance.now()
    this.#expiry?.cancel()
    this.#expiry = startTimer(
      left,
      () => this.#lose(new Error(`Lock '${this.#key}' expired before it was renewed`)),
      false,
    )
    this.#renewIn(asked + this.#renewAfter - performance.now())
  }

  #renewIn(delay: number): void {
    this.#renewal?.cancel()
    this.#renewal = startTimer(delay, () => void this.#renew(), false)
  }

  async #renew(): Promise<void> {
    const asked = performance.now()
    try {
      const extended = await this.handle.extend(this.#ttl)
      if (this.#over) return
      if (extended) this.#granted(asked)
      else this.#lose(new Error(`Lock '${this.#key}' was lost: its owner is no longer the holder`))
    } catch (error) {
      this.#report('lock.extend', error)
      if (!this.#over) this.#renewIn(this.#ttl * RETRY_AFTER)
    }
  }

  #lose(reason: unknown): void {
    if (this.#over) return
    this.#stop()
    this.lost.abort(reason)
  }

  #stop(): void {
    this.#over = true
    this.#renewal?.cancel()
    this.#expiry?.cancel()
    this.#listener?.[Symbol.dispose]()
  }
}
