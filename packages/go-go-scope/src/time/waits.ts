/** Counts the waits that the end of a scope ends. While there is one, the scope's timeout must keep the process alive. */
export class Waits {
  readonly #onChange: (any: boolean) => void
  #count = 0

  /** @param onChange Called with `true` when the first wait begins, and with `false` when the last one has ended. */
  constructor(onChange: (any: boolean) => void) {
    this.#onChange = onChange
  }

  begin(): void {
    if (++this.#count === 1) this.#onChange(true)
  }

  end(): void {
    if (--this.#count === 0) this.#onChange(false)
  }
}
