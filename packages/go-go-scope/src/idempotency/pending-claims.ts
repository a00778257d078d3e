import { sleep } from '../time/timer.js'

/** ms for the functions of aborted tasks to end, so that their keys are released by the end of their scope. */
const GRACE = 100

/** The claims of aborted tasks whose functions still run. Each is renewed until its function has ended. */
export class PendingClaims {
  readonly #claims = new Map<Promise<void>, () => void>()
  /** Monotonic ms. */
  #lastAbort = Number.NEGATIVE_INFINITY

  /**
   * @param freed Resolves when the key is released. Never rejects.
   * @param abandon Stops the renewal of the claim.
   */
  add(freed: Promise<void>, abandon: () => void): void {
    this.#lastAbort = performance.now()
    this.#claims.set(freed, abandon)
    void freed.then(() => this.#claims.delete(freed))
  }

  /**
   * Resolves when all keys are released, or {@link GRACE} ms after the last abort. Then it abandons the remaining claims.
   * The time counts from the abort, so that scopes that end one after the other, such as children of one parent, do not
   * add up their waits.
   */
  async end(): Promise<void> {
    const left = this.#lastAbort + GRACE - performance.now()
    if (this.#claims.size > 0 && left > 0) await this.#wait(left)
    for (const abandon of this.#claims.values()) abandon()
  }

  async #wait(ms: number): Promise<void> {
    const timer = new AbortController()
    const timeUp = sleep(ms, timer.signal).catch(() => {})
    await Promise.race([timeUp, Promise.all(this.#claims.keys())])
    timer.abort()
  }
}
