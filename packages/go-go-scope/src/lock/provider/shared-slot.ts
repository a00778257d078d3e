import { AbortSource } from '../../cancellation/abort-source.js'
import type { HeldLock } from '../lock-request.js'
import type { LeasedLock } from './leased-lock.js'

/** The reader slot that the readers of one process share. The last reader gives it back. */
export class SharedSlot {
  readonly #lease: LeasedLock
  #readers = 0
  #over = false
  /** Monotonic ms. */
  #gatePassedAt = performance.now()

  constructor(lease: LeasedLock) {
    this.#lease = lease
  }

  get alive(): boolean {
    return !this.#over && !this.#lease.lost.aborted
  }

  /** Alive, and a reader passed the gate less than `gatePassMs` ago. */
  joinable(gatePassMs: number): boolean {
    return this.alive && performance.now() - this.#gatePassedAt < gatePassMs
  }

  join(throughGate = false): HeldLock {
    if (throughGate) this.#gatePassedAt = performance.now()
    this.#readers++
    const lost = new AbortSource()
    const unlink = this.#lease.lost.onAbort((reason) => lost.abort(reason))
    let held = true
    return {
      lost,
      synchronous: false,
      release: async () => {
        if (!held) return
        held = false
        unlink()
        if (--this.#readers > 0) return
        this.#over = true
        await this.#lease.release()
      },
    }
  }
}
