/** First in, first out, O(1) at both ends for any length. */
export class Fifo<Item> {
  #items: (Item | undefined)[] = []
  #head = 0

  get length(): number {
    return this.#items.length - this.#head
  }

  push(item: Item): void {
    this.#items.push(item)
  }

  /** Returns the item `offset` positions behind the head. */
  peek(offset = 0): Item | undefined {
    return this.#items[this.#head + offset]
  }

  /** Puts the items that were taken last back before the head. */
  putBack(items: readonly Item[]): void {
    if (this.#head >= items.length) {
      // They return to their former positions, so no waiting item is moved.
      this.#head -= items.length
      for (const [at, item] of items.entries()) this.#items[this.#head + at] = item
    } else {
      this.#items = [...items, ...this.#items.slice(this.#head)]
      this.#head = 0
    }
  }

  /** Removes and returns the first `count` items. */
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
