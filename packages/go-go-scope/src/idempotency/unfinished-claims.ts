import { sleep } from '../time/sleep.js'

/** ms that the end of a scope gives the functions of aborted tasks to notice it, so that their keys are free at once. */
const GRACE = 100

/** The keys of aborted tasks whose functions go on: each stays claimed, and is renewed, until its function has ended. */
export class UnfinishedClaims {
  readonly #claims = new Map<Promise<void>, () => void>()

  /**
   * @param freed never rejects.
   * @param leave leaves the claim to its lease.
   */
  add(freed: Promise<void>, leave: () => void): void {
    this.#claims.set(freed, leave)
    void freed.then(() => this.#claims.delete(freed))
  }

  /** Resolves when all are free, or after a while, when the rest is left to its leases. */
  async end(): Promise<void> {
    if (this.#claims.size === 0) return
    const patience = new AbortController()
    const tired = sleep(GRACE, patience.signal).catch(() => {})
    await Promise.race([tired, Promise.all(this.#claims.keys())])
    patience.abort()
    for (const leave of this.#claims.values()) leave()
  }
}
