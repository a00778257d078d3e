/** First in, first out, with O(1) at both ends however many wait. */
export class Fifo<Item> {
  #items: (Item | undefined)[] = []
  #head = 0

  get length(): number {
    return this.#items.length - this.#head
  }

  push(item: Item): void {
    this.#items.push(item)
  }

  /** The item `offset` places behind the head. */
  peek(offset = 0): Item | undefined {
    return this.#items[this.#head + offset]
  }

  /** Puts items back that were taken last, before the head. */
  putBack(items: readonly Item[]): void {
    if (this.#head >= items.length) {
      // Into the places that they left: however many wait behind them, none is moved.
      this.#head -= items.length
      for (const [at, item] of items.entries()) this.#items[this.#head + at] = item
    } else {
      this.#items = [...items, ...this.#items.slice(this.#head)]
      this.#head = 0
    }
  }

  /** Takes the first `count` items. */
  take(count: number): Item[] {
    const taken = this.#items.slice(this.#head, this.#head + count) as Item[]
    this.#head += taken.length
    if (this.#head === this.#items.length) {
      this.#items = []
      this.#head = 0
    } else if (this.#head > 1024 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head)
      this.#head = 0
    }
    return taken
  }
}
