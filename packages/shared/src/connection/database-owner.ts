import { randomInt } from 'node:crypto'
import type { Diagnostics } from '../errors/diagnostics.js'
import type { PersistenceError } from '../errors/persistence-error.js'
import type { CircuitBreakerPersistedState } from '../ports/circuit-breaker.js'
import type { OperationQueue } from '../queue/operation-queue.js'
import type { Place } from './place.js'

/**
 * Another thread or process that owns the database of a connection. It replaces the driver. Stores also use it to reach the state
 * that the owner keeps in memory.
 */
export interface DatabaseOwner {
  readonly engine: string
  readonly readOnly: boolean
  /** Starts the generated owner names of locks in its memory. Unique per database owner. */
  readonly lockOwnerPrefix: string
  /** Where the database is. */
  readonly place: Place
  /** Why the owner is no longer reachable; `undefined` while it is. */
  readonly gone: string | undefined
  /** Calls `callback` when the owner is no longer reachable. */
  onGone(callback: () => void): void
  /** Creates the queue that sends calls to the owner. Called once per connection. */
  openQueue(context: OwnerContext): OperationQueue
  /**
   * Calls `notify` after each change of a circuit by the owner or another of its clients. @returns a function that unsubscribes.
   */
  followCircuit(key: string, notify: CircuitFollower): () => void
  /**
   * Makes the owner poll for changes of the circuit by other connections, for the followers here, until there are none.
   *
   * @param interval ms between two polls. The owner uses the shortest interval that is requested here.
   * @returns a function that withdraws the interval; call it once.
   */
  watchCircuit(key: string, interval: number): () => void
  /** Calls `notify` when a claim on the key ends or its result is stored. @returns a function that unsubscribes. */
  followClaim(key: string, notify: () => void): () => void
  /**
   * Requests the turn to load a cache entry. One client of the owner has the turn at a time.
   *
   * @returns the turn, or the text that another client has loaded meanwhile.
   * @throws a copy of the error of that client's load; {@link LoadRefusal}.
   */
  enterLoad(request: LoadRequest): Promise<LoadTurn | LoadedText>
  /**
   * Reports that the code of a load waits for the load of `request`, which was passed to {@link enterLoad}.
   *
   * @param inside The number of the load whose code waits.
   * @returns `undefined` if the load of `request` has ended.
   */
  waitInLoad(request: LoadRequest, inside: number): WaitInLoad | undefined
}

/** A wait of the code of a load for another load, as the owner of the database knows it. */
export interface WaitInLoad {
  /** Rejects with a {@link LoadRefusal} if the two wait for each other, or when the connection ends. Never resolves. */
  readonly refused?: Promise<never>
  /** Reports that the code gave it up by its signal. The load that it waits for goes on. */
  giveUp?: () => void
}

/** What a connection passes to the owner of its database. */
export interface OwnerContext {
  readonly diagnostics: Diagnostics
  /** Call it once when the database is lost; see {@link Place}. */
  lose(reason: PersistenceError): void
}

export type CircuitFollower = (state: CircuitBreakerPersistedState, kind: CircuitUpdate) => void

/**
 * How a follower of a circuit learns of its state.
 * - `change`: a statement has changed the circuit. Listeners are always called.
 * - `probe`: a statement may have left the state of the port unchanged. Listeners are called only if it changed.
 * - `seen`: the circuit was read in this state. Listeners are called if they know another state.
 */
export type CircuitUpdate = 'change' | 'probe' | 'seen'

/**
 * Returns a number for a load, and for a connection the first of those that it counts up from. It is random because all clients of
 * an owner share one space of numbers: a load of one connection may ask through another.
 */
export function randomLoadNumber(): number {
  // `randomInt` takes at most 2^48. Half of that leaves room to count.
  return randomInt(2 ** 47)
}

/** Also the wait of the code that makes the request, once {@link DatabaseOwner.enterLoad} was called. */
export interface LoadRequest extends WaitInLoad {
  /** The name of the entry, unique among all cache tables. */
  readonly entry: string
  /** The key as the caller passed it, for errors. */
  readonly key: string
  /** The number of the load whose code makes the request. */
  readonly inside: number | undefined
  /** The number of the load, where a client of this connection has chosen one. */
  readonly number: number | undefined
  /** To be called when the entry is written or deleted before the load has ended. */
  readonly overtaken: () => void
}

/** The turn to load an entry. Ended by {@link done}, {@link failed} or {@link release}. */
export interface LoadTurn {
  /** Identifies the load to the owner and to all threads and processes that use it. */
  readonly number: number
  /** Runs `write`. The calls that it makes synchronously change nothing where the entry was written meanwhile. */
  store<Result>(write: () => Result): Result
  done(text: string): void
  failed(error: unknown): void
  /** Ends the turn without a result: the next waiting client gets the turn. */
  release(): void
}

/** Thrown to the code of a load that asks for another one and is refused. Other callers of that one do not share it. */
export class LoadRefusal {
  readonly #reason: PersistenceError

  /** @param reason `INVALID_ARGUMENT` when the two loads would wait for each other, `QUEUE_FULL` when too many wait. */
  constructor(reason: PersistenceError) {
    this.#reason = reason
  }

  /** Returns the reason if `error` is a refusal. Unlike `instanceof`, this runs no code of a Proxy that a load throws. */
  static reasonOf(error: unknown): PersistenceError | undefined {
    const object: object = Object(error)
    return #reason in object ? object.#reason : undefined
  }
}

/** The encoded value that another client of the owner has loaded. */
export class LoadedText {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}
