import type { Connection } from '../connection/connection.js'
import { StateListeners } from '../stores/circuit-breaker/state-listeners.js'
import { KeyWaiters } from '../stores/idempotency/key-waiters.js'
import type { NoteCommand } from './commands.js'
import { type Item, say, tell } from './protocol.js'

type FollowNote = Extract<
  NoteCommand,
  { readonly word: typeof say.followCircuit | typeof say.followClaim | typeof say.leaveCircuit | typeof say.leaveClaim }
>

/** The circuits and claims of whose changes one user is told. */
export class ClientFollowing {
  readonly #listeners: StateListeners
  readonly #waiters: KeyWaiters
  readonly #tell: (...items: Item[]) => void
  readonly #circuits = new Map<string, () => void>()
  readonly #claims = new Map<string, () => void>()
  /** Whether the change is its own, which its answer tells. */
  #isOwn = false

  constructor(connection: Connection, tell: (...items: Item[]) => void) {
    this.#listeners = connection.shared(StateListeners)
    this.#waiters = connection.shared(KeyWaiters)
    this.#tell = tell
  }

  run({ word, key }: FollowNote): void {
    if (word === say.leaveCircuit) leave(this.#circuits, key)
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
    for (const key of [...this.#circuits.keys()]) leave(this.#circuits, key)
    for (const key of [...this.#claims.keys()]) leave(this.#claims, key)
  }

  #followCircuit(key: string): () => void {
    return this.#listeners.follow(key, ({ state, failureCount, lastFailureTime, lastSuccessTime }, always) => {
      if (this.#isOwn) return
      const times = [lastFailureTime ?? null, lastSuccessTime ?? null]
      this.#tell(tell.circuit, key, always ? 1 : 0, state, failureCount, ...times)
    })
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
