import { sleep } from '../time/timer.js'

/** ms that the functions of aborted tasks have to notice it, so that their keys are free when their scope has ended. */
const GRACE = 100

/** The keys of aborted tasks whose functions go on: each stays claimed, and is renewed, until its function has ended. */
export class UnfinishedClaims {
  readonly #claims = new Map<Promise<void>, () => void>()
  /** Monotonic ms. */
  #lastAbort = Number.NEGATIVE_INFINITY

  /**
   * @param freed never rejects.
   * @param leave leaves the claim to its lease.
   */
  add(freed: Promise<void>, leave: () => void): void {
    this.#lastAbort = performance.now()
    this.#claims.set(freed, leave)
    void freed.then(() => this.#claims.delete(freed))
  }

  /**
   * Resolves when all are free, or a while after the last abort, when the rest is left to its leases. Scopes that end one
   * after the other, as children of one parent, so wait at the same time.
   */
  async end(): Promise<void> {
    const left = this.#lastAbort + GRACE - performance.now()
    if (this.#claims.size > 0 && left > 0) await this.#wait(left)
    for (const leave of this.#claims.values()) leave()
  }

  async #wait(delay: number): Promise<void> {
    const patience = new AbortController()
    const tired = sleep(delay, patience.signal).catch(() => {})
    await Promise.race([tired, Promise.all(this.#claims.keys())])
    patience.abort()
  }
}
