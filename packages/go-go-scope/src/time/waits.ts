/** Counts what waits in a scope for its end: while something does, its time-out must keep the process alive. */
export class Waits {
  readonly #onChange: (any: boolean) => void
  #count = 0

  /** @param onChange called with `true` when the first wait begins, and with `false` when the last one has ended. */
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
