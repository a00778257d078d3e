import type { Connection } from '../../connection/connection.js'
import { StateListeners } from '../../stores/circuit-breaker/state-listeners.js'
import { KeyWaiters } from '../../stores/idempotency/key-waiters.js'
import { CIRCUIT_UPDATES, type Item, say, tell } from '../wire/protocol.js'
import type { CircuitWatches } from './circuit-watches.js'
import type { NoteCommand } from './commands.js'

type FollowNote = Extract<
  NoteCommand,
  {
    readonly word:
      | typeof say.followCircuit
      | typeof say.watchCircuit
      | typeof say.followClaim
      | typeof say.leaveCircuit
      | typeof say.leaveClaim
  }
>

/** The circuits and claims of whose changes one user is told. */
export class ClientFollowing {
  readonly #listeners: StateListeners
  readonly #waiters: KeyWaiters
  readonly #watches: CircuitWatches
  readonly #tell: (...items: Item[]) => void
  readonly #circuits = new Map<string, () => void>()
  /** Those of them of which changes by other connections are told, and how often it is looked for them. */
  readonly #watched = new Map<string, { interval: number; end(): void }>()
  readonly #claims = new Map<string, () => void>()
  /** Whether the change is its own, which its answer tells. */
  #isOwn = false

  constructor(connection: Connection, watches: CircuitWatches, tell: (...items: Item[]) => void) {
    this.#listeners = connection.shared(StateListeners)
    this.#waiters = connection.shared(KeyWaiters)
    this.#watches = watches
    this.#tell = tell
  }

  run(note: FollowNote): void {
    const { word, key } = note
    if (word === say.watchCircuit) this.#watch(key, note.interval)
    else if (word === say.leaveCircuit) this.#leaveCircuit(key)
    else if (word === say.leaveClaim) leave(this.#claims, key)
    else if (word === say.followCircuit) {
      leave(this.#circuits, key)
      this.#circuits.set(key, this.#followCircuit(key))
    } else {
      leave(this.#claims, key)
      this.#claims.set(key, this.#followClaim(key))
    }
  }

  /** Does what tells all users but this one. */
  besides(telling: () => void): void {
    this.#isOwn = true
    try {
      telling()
    } finally {
      this.#isOwn = false
    }
  }

  end(): void {
    for (const key of [...this.#circuits.keys()]) this.#leaveCircuit(key)
    for (const key of [...this.#claims.keys()]) leave(this.#claims, key)
  }

  #followCircuit(key: string): () => void {
    return this.#listeners.follow(key, ({ state, failureCount, lastFailureTime, lastSuccessTime }, kind) => {
      if (this.#isOwn) return
      const times = [lastFailureTime ?? null, lastSuccessTime ?? null]
      this.#tell(tell.circuit, key, CIRCUIT_UPDATES.indexOf(kind), state, failureCount, ...times)
    })
  }

  #watch(key: string, interval: number): void {
    if (!this.#circuits.has(key)) return
    const before = this.#watched.get(key)
    if (before?.interval === interval) return
    this.#watched.set(key, { interval, end: this.#watches.watch(key, interval) })
    before?.end()
  }

  #leaveCircuit(key: string): void {
    this.#watched.get(key)?.end()
    this.#watched.delete(key)
    leave(this.#circuits, key)
  }

  #followClaim(key: string): () => void {
    return this.#waiters.listen(key, () => {
      if (!this.#isOwn) this.#tell(tell.claim, key)
    })
  }
}

function leave(following: Map<string, () => void>, key: string): void {
  following.get(key)?.()
  following.delete(key)
}
