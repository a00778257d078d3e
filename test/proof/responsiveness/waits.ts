/** Durations in ms. */
export class Waits {
  readonly #all: number[] = []

  /**
   * @param wait ms.
   * @param every ms between two of them. Those that would have begun during this one waited for its end as well; left
   * out, one long wait would count as little as one short one.
   */
  add(wait: number, every: number): void {
    this.#all.push(wait)
    for (let rest = wait - every; rest > 0; rest -= every) this.#all.push(rest)
  }

  /** Adds those of `other`. */
  addAll(other: Waits): void {
    this.#all.push(...other.#all)
  }

  get longest(): number {
    return this.percentile(100)
  }

  /** The wait that `percent` of all did not exceed. */
  percentile(percent: number): number {
    const sorted = this.#all.toSorted((a, b) => a - b)
    const at = Math.ceil((sorted.length * percent) / 100) - 1
    const wait = sorted[at]
    if (wait === undefined) throw new Error('nothing was measured')
    return wait
  }
}
