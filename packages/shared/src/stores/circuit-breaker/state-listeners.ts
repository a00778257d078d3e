import type { Connection } from '../../connection/connection.js'
import type { Diagnostics } from '../../errors/diagnostics.js'
import type { CircuitBreakerPersistedState } from '../../ports/circuit-breaker.js'

export type StateListener = (state: CircuitBreakerPersistedState) => void

/** Who wants to hear of changes of one circuit, and what they heard last. */
interface Audience {
  readonly listeners: Set<{ listener: StateListener }>
  /** `undefined` until something is known; `null` for a circuit that was never stored. */
  last: CircuitBreakerPersistedState | null | undefined
}

/** Who wants to hear of changes of circuits, by stored key. Shared by all adapters on one handle. */
export class StateListeners {
  readonly #diagnostics: Diagnostics
  readonly #byKey = new Map<string, Audience>()

  constructor({ diagnostics }: Connection) {
    this.#diagnostics = diagnostics
  }

  add(key: string, listener: StateListener): () => void {
    const entry = { listener }
    const audience = this.#byKey.get(key) ?? { listeners: new Set(), last: undefined }
    this.#byKey.set(key, audience)
    audience.listeners.add(entry)
    return () => {
      audience.listeners.delete(entry)
      if (audience.listeners.size === 0 && this.#byKey.get(key) === audience) this.#byKey.delete(key)
    }
  }

  /** A change was made through this handle. To be called where the result of its statement is decoded: in order. */
  emit(key: string, state: CircuitBreakerPersistedState): void {
    const audience = this.#byKey.get(key)
    if (audience === undefined) return
    audience.last = state
    for (const { listener } of [...audience.listeners]) {
      try {
        listener({ ...state })
      } catch (error) {
        this.#diagnostics.emit({ type: 'listener-error', operation: 'circuitBreaker.subscribe', error })
      }
    }
  }

  /** As {@link emit}, for a statement that may leave what the port tells as it was. */
  emitNews(key: string, state: CircuitBreakerPersistedState): void {
    const last = this.#byKey.get(key)?.last
    if (last === undefined || last === null || !isSame(last, state)) this.emit(key, state)
  }

  /** The circuit was seen in this state, which is news only if it differs from what was known. */
  observe(key: string, state: CircuitBreakerPersistedState | null): void {
    const audience = this.#byKey.get(key)
    if (audience === undefined) return
    const { last } = audience
    audience.last = state
    if (last !== undefined && state !== null && (last === null || !isSame(last, state))) this.emit(key, state)
  }
}

function isSame(a: CircuitBreakerPersistedState, b: CircuitBreakerPersistedState): boolean {
  return (
    a.state === b.state &&
    a.failureCount === b.failureCount &&
    a.lastFailureTime === b.lastFailureTime &&
    a.lastSuccessTime === b.lastSuccessTime
  )
}
