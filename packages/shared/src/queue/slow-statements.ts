import type { Diagnostics } from '../errors/diagnostics.js'
import { type Clock, inMicrotask } from '../time/clock.js'

const SLOW_MS = 100

/** Measures the duration of statements, and of transactions as a whole, but only while there is a listener. */
export class SlowStatements {
  readonly #clock: Clock
  readonly #diagnostics: Diagnostics

  constructor(clock: Clock, diagnostics: Diagnostics) {
    this.#clock = clock
    this.#diagnostics = diagnostics
  }

  /** @returns a function to call when the statement has ended; `undefined` when there is no listener. */
  start(operation: string, calls: number): (() => void) | undefined {
    if (!this.#diagnostics.active) return undefined
    const began = this.#clock.monotonic()
    return () => {
      const duration = this.#clock.monotonic() - began
      if (duration <= SLOW_MS) return
      // Later, because a transaction may be open, and what a listener writes with the handle of the app would become part of it.
      inMicrotask(() => this.#diagnostics.emit({ type: 'slow-statement', operation, duration, calls }))
    }
  }
}
