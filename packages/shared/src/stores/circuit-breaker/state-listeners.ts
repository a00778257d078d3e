import type { Connection } from '../../connection/connection.js'
import type { Diagnostics } from '../../errors/diagnostics.js'
import type { CircuitBreakerPersistedState } from '../../ports/circuit-breaker.js'

export type StateListener = (state: CircuitBreakerPersistedState) => void

/** The listeners of one circuit, and the state that they were told last. */
interface Subscribers {
  readonly listeners: Set<{ listener: StateListener }>
  /** `undefined` until something is known; `null` for a circuit that was never stored. */
  last: CircuitBreakerPersistedState | null | undefined
}

/** The listeners of circuits, by stored key. All adapters on one handle share them. */
export class StateListeners {
  readonly #diagnostics: Diagnostics
  readonly #byKey = new Map<string, Subscribers>()

  constructor({ diagnostics }: Connection) {
    this.#diagnostics = diagnostics
  }

  /** Whether nobody listens. */
  get none(): boolean {
    return this.#byKey.size === 0
  }

  add(key: string, listener: StateListener): () => void {
    const entry = { listener }
    const subscribers = this.#byKey.get(key) ?? { listeners: new Set(), last: undefined }
    this.#byKey.set(key, subscribers)
    subscribers.listeners.add(entry)
    return () => {
      subscribers.listeners.delete(entry)
      if (subscribers.listeners.size === 0 && this.#byKey.get(key) === subscribers) this.#byKey.delete(key)
    }
  }

  /** A change was made through this handle. To be called where the result of its statement is decoded: in order. */
  emit(key: string, state: CircuitBreakerPersistedState): void {
    const subscribers = this.#byKey.get(key)
    if (subscribers === undefined) return
    subscribers.last = state
    for (const { listener } of [...subscribers.listeners]) {
      try {
        listener({ ...state })
      } catch (error) {
        this.#diagnostics.emit({ type: 'listener-error', operation: 'circuitBreaker.subscribe', error })
      }
    }
  }

  /** As {@link emit}, for a statement that may leave the state that the port shows as it was. */
  emitNews(key: string, state: CircuitBreakerPersistedState): void {
    const last = this.#byKey.get(key)?.last
    if (last === undefined || last === null || !isSame(last, state)) this.emit(key, state)
  }

  /** The circuit was seen in this state. Listeners hear of it only if it differs from the state they know. */
  observe(key: string, state: CircuitBreakerPersistedState | null): void {
    const subscribers = this.#byKey.get(key)
    if (subscribers === undefined) return
    const { last } = subscribers
    subscribers.last = state
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
