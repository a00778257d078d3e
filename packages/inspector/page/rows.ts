/** A row that is shown, and its update function. */
export interface Row<Item> {
  readonly element: HTMLElement
  update(item: Item): void
}

/** Rows by key. Existing rows are updated in place, so that focus and selection stay. */
export class Rows<Item> {
  readonly #parent: HTMLElement
  readonly #make: (item: Item) => Row<Item>
  readonly #keyOf: (item: Item) => string
  readonly #rows = new Map<string, Row<Item>>()

  constructor(parent: HTMLElement, keyOf: (item: Item) => string, make: (item: Item) => Row<Item>) {
    this.#parent = parent
    this.#keyOf = keyOf
    this.#make = make
  }

  show(items: readonly Item[]): void {
    const keys = new Set(items.map(this.#keyOf))
    for (const [key, { element }] of this.#rows) {
      if (keys.has(key)) continue
      element.remove()
      this.#rows.delete(key)
    }
    let next = this.#parent.firstElementChild
    for (const item of items) {
      const key = this.#keyOf(item)
      const row = this.#rows.get(key) ?? this.#make(item)
      this.#rows.set(key, row)
      row.update(item)
      // A row that is already in place is not moved, because that would lose its focus.
      if (row.element === next) next = next.nextElementSibling
      else this.#parent.insertBefore(row.element, next)
    }
  }
}
