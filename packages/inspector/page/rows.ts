/** A row that is shown, and how it takes what is new. */
export interface Row<Item> {
  readonly element: HTMLElement
  update(item: Item): void
}

/** Rows by key: those that stay are changed where they are, so that focus and selection stay, too. */
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
      // What is there already is not moved: that would take the focus from it.
      if (row.element === next) next = next.nextElementSibling
      else this.#parent.insertBefore(row.element, next)
    }
  }
}
