import type { SafeCall } from '../errors/reporter.js'

/** A place in the order of disposal. What stands in it is disposed only if it is entered at the end of the scope. */
export interface Place {
  enter(): void
  /** The scope then holds nothing of it. */
  leave(): void
}

/** What a scope disposes at its end, last in, first out. */
export class Disposables {
  readonly #entries = new Map<number, () => unknown>()
  #places = 0

  add(dispose: () => unknown): void {
    this.reserve(dispose).enter()
  }

  /** A place for something that is disposed in the order in which it was made, but only while it is in use. */
  reserve(dispose: () => unknown): Place {
    const place = ++this.#places
    return { enter: () => this.#entries.set(place, dispose), leave: () => this.#entries.delete(place) }
  }

  /** Never rejects: what fails is reported by `call`, and the others follow. */
  async dispose(call: SafeCall): Promise<void> {
    while (this.#entries.size > 0) {
      const newestFirst = [...this.#entries].sort(([a], [b]) => b - a)
      this.#entries.clear()
      for (const [, entry] of newestFirst) await call('onDispose', entry)
    }
  }
}

/** Disposes either kind, the asynchronous one if it is both. */
export function disposerOf(target: Disposable | AsyncDisposable): () => unknown {
  return () => (Symbol.asyncDispose in target ? target[Symbol.asyncDispose]() : target[Symbol.dispose]())
}
