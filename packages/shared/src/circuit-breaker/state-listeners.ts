import type { Diagnostics } from '../driver/diagnostics.js'
import type { CircuitBreakerPersistedState } from '../ports/circuit-breaker.js'

export type StateListener = (state: CircuitBreakerPersistedState) => void

/** Who wants to hear of changes made through any adapter on one handle, by stored key. */
export class StateListeners {
  readonly #diagnostics: Diagnostics
  readonly #byKey = new Map<string, Set<{ listener: StateListener }>>()

  constructor(diagnostics: Diagnostics) {
    this.#diagnostics = diagnostics
  }

  add(key: string, listener: StateListener): () => void {
    const entry = { listener }
    const entries = this.#byKey.get(key) ?? new Set()
    this.#byKey.set(key, entries.add(entry))
    return () => {
      entries.delete(entry)
      if (entries.size === 0 && this.#byKey.get(key) === entries) this.#byKey.delete(key)
    }
  }

  emit(key: string, state: CircuitBreakerPersistedState): void {
    for (const { listener } of [...(this.#byKey.get(key) ?? [])]) {
      try {
        listener({ ...state })
      } catch (error) {
        this.#diagnostics.emit({ type: 'listener-error', operation: 'circuitBreaker.subscribe', error })
      }
    }
  }
}
