import type { Connection } from '../../connection/connection.js'
import type { CircuitFollower, DatabaseOwner } from '../../connection/database-owner.js'
import type { Diagnostics } from '../../errors/diagnostics.js'
import { splitTagged } from '../../keys/key-space.js'
import type { CircuitBreakerPersistedState } from '../../ports/circuit-breaker.js'
import { type CircuitEvent, circuitEvents } from '../../tracing/events.js'
import type { TracedDatabase } from '../../tracing/traced-database.js'

// Bounds the states of circuits without listeners here; the oldest one is dropped.
const MAX_PUBLISHED = 10_000

export type StateListener = (state: CircuitBreakerPersistedState) => void

/** The listeners of one circuit, and the last state that they received. */
interface Subscribers {
  readonly listeners: Set<{ listener: StateListener }>
  readonly followers: Set<CircuitFollower>
  /** Unsubscribes from the owner of the database. */
  readonly leaveOwner: (() => void) | undefined
  /** `undefined` until a state is known; `null` for a circuit that was never stored. */
  last: CircuitBreakerPersistedState | null | undefined
}

/** The listeners of circuits, by stored key. All adapters on one handle share them. */
export class StateListeners {
  readonly #diagnostics: Diagnostics
  readonly #database: TracedDatabase
  readonly #owner: DatabaseOwner | undefined
  readonly #byKey = new Map<string, Subscribers>()
  /** The state that was published last, by stored key. */
  readonly #published = new Map<string, CircuitEvent['state']>()

  constructor({ database, diagnostics, owner }: Connection) {
    this.#database = database
    this.#diagnostics = diagnostics
    this.#owner = owner
  }

  /** Whether there is no listener and no subscriber of circuit events. */
  get isEmpty(): boolean {
    return this.#byKey.size === 0 && !circuitEvents.hasSubscribers
  }

  add(key: string, listener: StateListener): () => void {
    const subscribers = this.#enter(key)
    const entry = { listener }
    subscribers.listeners.add(entry)
    return () => {
      subscribers.listeners.delete(entry)
      this.#leave(key, subscribers)
    }
  }

  /** Calls `follower` after each change through this handle, and with each new state that is read here. */
  follow(key: string, follower: CircuitFollower): () => void {
    const subscribers = this.#enter(key)
    subscribers.followers.add(follower)
    return () => {
      subscribers.followers.delete(follower)
      this.#leave(key, subscribers)
    }
  }

  /** Announces a change through this handle. Call it in the decoder of its statement, so that changes are announced in order. */
  emit(key: string, state: CircuitBreakerPersistedState): void {
    if (circuitEvents.hasSubscribers) this.#publish(key, state)
    const subscribers = this.#byKey.get(key)
    if (subscribers === undefined) return
    for (const follower of subscribers.followers) follower(state, 'change')
    this.#notify(subscribers, state)
  }

  /** Like {@link emit}, for a statement that may leave the state unchanged. Listeners are called only if it differs. */
  emitIfChanged(key: string, state: CircuitBreakerPersistedState): void {
    if (circuitEvents.hasSubscribers) this.#publish(key, state)
    const subscribers = this.#byKey.get(key)
    if (subscribers === undefined) return
    for (const follower of subscribers.followers) follower(state, 'probe')
    const { last } = subscribers
    if (last === undefined || last === null || !isSame(last, state)) this.#notify(subscribers, state)
  }

  /** Announces a state that was read. Listeners are called only if it differs from the last state they received. */
  observe(key: string, state: CircuitBreakerPersistedState | null): void {
    const subscribers = this.#byKey.get(key)
    if (subscribers === undefined) return
    const { last } = subscribers
    subscribers.last = state
    if (state === null || (last && isSame(last, state))) return
    // Also when no state was known here, because a follower may have read the circuit earlier.
    for (const follower of subscribers.followers) follower(state, 'seen')
    if (last !== undefined) this.#notify(subscribers, state)
  }

  #enter(key: string): Subscribers {
    const existing = this.#byKey.get(key)
    if (existing !== undefined) return existing
    const leaveOwner = this.#owner?.followCircuit(key, (state, kind) => {
      if (kind === 'change') this.emit(key, state)
      else if (kind === 'probe') this.emitIfChanged(key, state)
      else this.observe(key, state)
    })
    const made: Subscribers = { listeners: new Set(), followers: new Set(), leaveOwner, last: undefined }
    this.#byKey.set(key, made)
    return made
  }

  #leave(key: string, subscribers: Subscribers): void {
    if (subscribers.listeners.size > 0 || subscribers.followers.size > 0) return
    if (this.#byKey.get(key) !== subscribers) return
    this.#byKey.delete(key)
    subscribers.leaveOwner?.()
  }

  /** Publishes a state that differs from the last one. A circuit without a published state counts as closed. */
  #publish(stored: string, { state }: CircuitBreakerPersistedState): void {
    const previous = this.#published.get(stored)
    if (state === (previous ?? 'closed')) return
    this.#published.delete(stored)
    this.#published.set(stored, state)
    if (this.#published.size > MAX_PUBLISHED) this.#published.delete(this.#published.keys().next().value as string)
    const key = splitTagged(stored, 'circuit:')?.key ?? stored
    circuitEvents.publish({ database: this.#database, key, state, ...(previous && { previous }) })
  }

  #notify(subscribers: Subscribers, state: CircuitBreakerPersistedState): void {
    subscribers.last = state
    for (const { listener } of [...subscribers.listeners]) {
      this.#diagnostics.callListener('circuitBreaker.subscribe', () => listener({ ...state }))
    }
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
