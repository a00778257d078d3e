import type { SafeCall } from '../errors/reporter.js'

/** A place in the order of disposal. Its disposer is called only if the place is entered at the end of the scope. */
export interface Place {
  enter(): void
  /** Removes the disposer, so that the scope keeps no reference to it. */
  leave(): void
}

/** The disposers that a scope calls at its end, last in, first out. */
export class Disposables {
  readonly #entries = new Map<number, () => unknown>()
  #places = 0
  /** Set when the scope has ended. */
  #callNow: SafeCall | undefined

  /** Adds a disposer. After the end of the scope it is called at once, because nothing else would call it. */
  add(dispose: () => unknown): void {
    if (this.#callNow === undefined) this.reserve(dispose).enter()
    else void this.#callNow('onDispose', dispose)
  }

  /** Reserves a place in the current order for a disposer that is called only if its resource is in use. */
  reserve(dispose: () => unknown): Place {
    const place = ++this.#places
    return { enter: () => this.#entries.set(place, dispose), leave: () => this.#entries.delete(place) }
  }

  /** Calls the disposers. Never rejects: `call` reports a failure, and the other disposers still run. */
  async dispose(call: SafeCall): Promise<void> {
    while (this.#entries.size > 0) {
      const newestFirst = [...this.#entries].sort(([a], [b]) => b - a)
      this.#entries.clear()
      for (const [, entry] of newestFirst) await call('onDispose', entry)
    }
    this.#callNow = call
  }
}

/** Returns the disposer of the target; the asynchronous one if it has both. */
export function disposerOf(target: Disposable | AsyncDisposable): () => unknown {
  return () => (Symbol.asyncDispose in target ? target[Symbol.asyncDispose]() : target[Symbol.dispose]())
}
