import type { PersistenceError } from '../errors/persistence-error.js'

/** State of a store that is notified when its connection ends. */
export interface EndsWithConnection {
  /** Called when the connection ends, before it waits for calls in flight. */
  ending?(): void
  /** Called when no call is in flight any longer. */
  ended?(): void
  /** Called when the database is lost: nothing may be written any longer. */
  lost?(reason: PersistenceError): void
}

/** The states of stores that exist once per connection, one per class. The connection does not know the classes. */
export class SharedStates<Connection> implements Required<EndsWithConnection> {
  readonly #connection: Connection
  readonly #states = new Map<new (connection: Connection) => object, EndsWithConnection>()

  constructor(connection: Connection) {
    this.#connection = connection
  }

  /** Returns the one state of the class. Created at the first call. */
  get<State extends object>(State: new (connection: Connection) => State): State {
    const existing = this.#states.get(State)
    if (existing !== undefined) return existing as State
    const made = new State(this.#connection)
    this.#states.set(State, made)
    return made
  }

  ending(): void {
    for (const state of this.#states.values()) state.ending?.()
  }

  ended(): void {
    for (const state of this.#states.values()) state.ended?.()
  }

  lost(reason: PersistenceError): void {
    for (const state of this.#states.values()) state.lost?.(reason)
  }
}
