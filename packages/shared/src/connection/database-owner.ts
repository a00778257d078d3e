import type { Diagnostics } from '../errors/diagnostics.js'
import type { PersistenceError } from '../errors/persistence-error.js'
import type { CircuitBreakerPersistedState } from '../ports/circuit-breaker.js'
import type { OperationQueue } from '../queue/operation-queue.js'
import type { Place } from './place.js'

/**
 * The thread or process that owns the database of a connection, where that is another one: it takes the place of a driver,
 * and stores reach through it what it has in memory.
 */
export interface DatabaseOwner {
  readonly engine: string
  readonly readOnly: boolean
  /** Begins the names of owners that are made up for locks in its memory. */
  readonly lockOwnerPrefix: string
  /** Where the database is. */
  readonly place: Place
  /** What sends calls to the owner. Called once per connection. */
  queue(context: OwnerContext): OperationQueue
  /** Has `told` called after each change of a circuit that the owner or another of its users makes. @returns ends that. */
  followCircuit(key: string, told: CircuitFollower): () => void
  /**
   * Has those who follow the circuit told also of what other connections change, until nobody here follows it.
   *
   * @param interval ms between two looks for that; the shortest counts of all that are asked for here.
   * @returns gives that interval up; to be called once.
   */
  watchCircuit(key: string, interval: number): () => void
  /** The same for a claim or result that changes hands. */
  followClaim(key: string, told: () => void): () => void
  /**
   * Asks for the turn to load an entry of the cache, which one of all users of the owner has at a time.
   *
   * @returns the turn, or the text that another one has loaded meanwhile. Rejects with a copy of the error of its load.
   */
  enterLoad(request: LoadRequest): Promise<LoadTurn | LoadedText>
}

/** What a connection gives to the owner of its database. */
export interface OwnerContext {
  readonly diagnostics: Diagnostics
  /** As that of a place. */
  lose(reason: PersistenceError): void
}

export type CircuitFollower = (state: CircuitBreakerPersistedState, kind: CircuitUpdate) => void

/**
 * How a follower of a circuit learns of its state.
 *
 * - `change`: a statement has changed the circuit. Listeners are always called.
 * - `probe`: a statement may have left the state that the port shows as it was. Listeners are called if that has changed.
 * - `seen`: the circuit was read in this state. Listeners are called if they know another state.
 */
export type CircuitUpdate = 'change' | 'probe' | 'seen'

export interface LoadRequest {
  /** Its name among those of all cache tables. */
  readonly entry: string
  /** As the caller named it, for errors. */
  readonly key: string
  /** The load whose code asks. */
  readonly inside: LoadTurn | undefined
  /** To be called when the entry is written or deleted before the load has ended. */
  readonly overtaken: () => void
}

/** The turn to load an entry. Ended by {@link done} or {@link failed}. */
export interface LoadTurn {
  /** Sends the calls that `write` makes at once so that they change nothing where the entry was written meanwhile. */
  store<Result>(write: () => Result): Result
  done(text: string): void
  failed(error: unknown): void
  /** The load has no result: the next one that waits has the turn. */
  passOn(): void
}

/** The encoded value that another user of the owner has loaded. */
export class LoadedText {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}
