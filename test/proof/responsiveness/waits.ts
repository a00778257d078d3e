/** Durations in ms. */
export class Waits {
  readonly #all: number[] = []

  /**
   * @param wait ms
   * @param every ms between two measurements. Those that would have started during this wait count with the rest of it, or one
   * long wait would count as little as one short one.
   */
  add(wait: number, every: number): void {
    this.#all.push(wait)
    for (let rest = wait - every; rest > 0; rest -= every) this.#all.push(rest)
  }

  /** Adds the waits of `other`. */
  addAll(other: Waits): void {
    this.#all.push(...other.#all)
  }

  get longest(): number {
    return this.percentile(100)
  }

  /** Returns a percentile of the waits in ms. */
  percentile(percent: number): number {
    const sorted = this.#all.toSorted((a, b) => a - b)
    const at = Math.ceil((sorted.length * percent) / 100) - 1
    const wait = sorted[at]
    if (wait === undefined) throw new Error('nothing was measured')
    return wait
  }
}
