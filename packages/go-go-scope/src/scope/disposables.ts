import type { SafeCall } from '../errors/call-safely.js'

/** What a scope disposes at its end, last in, first out. */
export class Disposables {
  readonly #entries = new Set<() => unknown>()

  /** Returns the function that takes it out again. */
  add(dispose: () => unknown): () => void {
    // A function of its own for each entry: the same callback may be added twice.
    const entry = (): unknown => dispose()
    this.#entries.add(entry)
    return () => this.#entries.delete(entry)
  }

  /** Never rejects: what fails is reported by `call`, and the others follow. */
  async dispose(call: SafeCall): Promise<void> {
    while (this.#entries.size > 0) {
      const newestFirst = [...this.#entries].reverse()
      this.#entries.clear()
      for (const entry of newestFirst) await call('onDispose', entry)
    }
  }
}
