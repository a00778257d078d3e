/**
 * The work at the head of the backlog that failed together. It is sent again in smaller units, so that each call gets its own
 * error: first its runs one by one, then the calls of a run that fails again.
 */
export class FailedBatch {
  /** Number of items at the head of the backlog that are sent run by run. */
  #runByRun = 0
  /** Number of items at the head of the backlog that are sent one by one. */
  #oneByOne = 0

  /** The unit in which the head of the backlog is sent; `undefined` if it has not failed. */
  get unit(): 'call' | 'run' | undefined {
    if (this.#oneByOne > 0) return 'call'
    return this.#runByRun > 0 ? 'run' : undefined
  }

  /**
   * Records that runs failed together and were put back.
   *
   * @param runs The number of runs.
   * @param sent The number of their items.
   * @param back The number of items that were put back: more than `sent` when joined calls were separated.
   */
  failed(runs: number, sent: number, back: number): void {
    if (runs > 1) {
      this.#runByRun = back
      return
    }
    const more = back - sent
    this.#oneByOne = Math.max(this.#oneByOne + more, back)
    if (this.#runByRun > 0) this.#runByRun += more
  }

  /** Records that items at the head need not be sent again. */
  done(items: number): void {
    this.#oneByOne = Math.max(0, this.#oneByOne - items)
    this.#runByRun = Math.max(0, this.#runByRun - items)
  }
}
