/**
 * Values by numbers that grow, most of which go soon.
 *
 * Not a `Map` alone: each time that one rehashes, V8 has the table before point to the new one. A dead table that got old
 * keeps all later ones alive, with what was in them, until the whole heap is collected. Where entries come and go at a high
 * rate, that was a quarter of all time.
 */
export class ByNumber<Value> {
  readonly #numbers: number[]
  readonly #values: (Value | undefined)[]
  /** Those whose place was needed for a later number. */
  readonly #displaced = new Map<number, Value>()
  size = 0

  /** @param places For as many as are there at a time, mostly. */
  constructor(places: number) {
    this.#numbers = new Array(places).fill(0)
    this.#values = new Array(places).fill(undefined)
  }

  get(number: number): Value | undefined {
    const place = number % this.#numbers.length
    return this.#numbers[place] === number ? this.#values[place] : this.#displaced.get(number)
  }

  /** Adds a number that is not there. */
  add(number: number, value: Value): void {
    const place = number % this.#numbers.length
    const before = this.#values[place]
    if (before !== undefined) this.#displaced.set(this.#numbers[place] as number, before)
    this.#numbers[place] = number
    this.#values[place] = value
    this.size++
  }

  /** Removes a number that is there. */
  remove(number: number): void {
    const place = number % this.#numbers.length
    if (this.#numbers[place] === number) this.#values[place] = undefined
    else this.#displaced.delete(number)
    this.size--
  }

  /** Removes all. @returns them, by their numbers. */
  removeAll(): Value[] {
    const all = [...this.#displaced]
    for (const [place, value] of this.#values.entries()) {
      if (value !== undefined) all.push([this.#numbers[place] as number, value])
    }
    this.#values.fill(undefined)
    this.#displaced.clear()
    this.size = 0
    return all.sort(([one], [other]) => one - other).map(([, value]) => value)
  }
}
