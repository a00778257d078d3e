import type { PersistenceError } from '../errors/persistence-error.js'
import type { Clock } from './clock.js'
import { leaseMargin } from './lease-margin.js'

/**
 * What the holder of a lease in the file may believe by its own monotonic clock. The file goes by wall time, which can
 * jump; whoever goes by this one never outlives the lease, and stops a margin early.
 */
export class LocalLease {
  readonly #clock: Clock
  readonly #lost: (reason: string) => PersistenceError
  #end = 0
  #margin = 0
  #over: string | undefined
  #settled = false
  #controller: AbortController | undefined
  #cancelTimer: (() => void) | undefined

  constructor(clock: Clock, lost: (reason: string) => PersistenceError) {
    this.#clock = clock
    this.#lost = lost
  }

  /** Made when first asked for: a lease that nobody watches costs no timer. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#over !== undefined) this.#abort(this.#over)
      else if (!this.#settled) this.#watch()
    }
    return this.#controller.signal
  }

  /** Whether the lease has ended, without the margin. */
  get ended(): boolean {
    return this.#clock.monotonic() >= this.#end
  }

  /** Whether its holder still may start something: neither lost nor within the margin. */
  get safe(): boolean {
    return !this.#settled && this.#over === undefined && this.#clock.monotonic() < this.#end - this.#margin
  }

  /**
   * Begins the lease or moves its end.
   *
   * @param end monotonic ms.
   * @param lease ms.
   */
  moveTo(end: number, lease: number): void {
    this.#end = end
    this.#margin = leaseMargin(lease)
    if (this.#cancelTimer !== undefined) this.#watch()
  }

  /** It ended as its holder wanted: no abort. */
  settle(): void {
    this.#settled = true
    this.#stopTimer()
  }

  lose(reason: string): void {
    if (this.#settled || this.#over !== undefined) return
    this.#over = reason
    this.#stopTimer()
    this.#abort(reason)
  }

  #watch(): void {
    this.#stopTimer()
    const remaining = this.#end - this.#margin - this.#clock.monotonic()
    if (remaining <= 0) this.lose('its lease is over by the local clock')
    else this.#cancelTimer = this.#clock.setTimer(() => this.#watch(), remaining)
  }

  #stopTimer(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }

  #abort(reason: string): void {
    this.#controller?.abort(this.#lost(reason))
  }
}
