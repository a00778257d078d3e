import type { Connection } from '../../connection/connection.js'
import { StateListeners } from '../../stores/circuit-breaker/state-listeners.js'
import { KeyWaiters } from '../../stores/idempotency/key-waiters.js'
import { clientOp, type Item, ownerOp } from '../wire/protocol.js'
import type { CircuitWatches } from './circuit-watches.js'
import type { Notification } from './commands.js'

type Subscribing = Extract<
  Notification,
  {
    readonly op:
      | typeof clientOp.followCircuit
      | typeof clientOp.watchCircuit
      | typeof clientOp.followClaim
      | typeof clientOp.leaveCircuit
      | typeof clientOp.leaveClaim
  }
>

/** The circuits and claims whose changes are sent to one client. */
export class ClientSubscriptions {
  readonly #listeners: StateListeners
  readonly #waiters: KeyWaiters
  readonly #watches: CircuitWatches
  readonly #notify: (...items: Item[]) => void
  readonly #circuits = new Map<string, () => void>()
  /** The circuits that are polled for changes by other connections, and the interval in ms. */
  readonly #watched = new Map<string, { interval: number; end(): void }>()
  readonly #claims = new Map<string, () => void>()
  /** Whether the current change was made by this client, which learns of it by the answer. */
  #isOwn = false

  constructor(connection: Connection, watches: CircuitWatches, notify: (...items: Item[]) => void) {
    this.#listeners = connection.shared(StateListeners)
    this.#waiters = connection.shared(KeyWaiters)
    this.#watches = watches
    this.#notify = notify
  }

  run(notification: Subscribing): void {
    const { op, key } = notification
    if (op === clientOp.watchCircuit) this.#watch(key, notification.interval)
    else if (op === clientOp.leaveCircuit) this.#leaveCircuit(key)
    else if (op === clientOp.leaveClaim) leave(this.#claims, key)
    else if (op === clientOp.followCircuit) {
      leave(this.#circuits, key)
      this.#circuits.set(key, this.#followCircuit(key))
    } else {
      leave(this.#claims, key)
      this.#claims.set(key, this.#followClaim(key))
    }
  }

  /** Runs `announce`, whose notifications go to all clients but this one. */
  announceToOthers(announce: () => void): void {
    this.#isOwn = true
    try {
      announce()
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
      this.#notify(ownerOp.circuit, key, kind, state, failureCount, ...times)
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
      if (!this.#isOwn) this.#notify(ownerOp.claim, key)
    })
  }
}

function leave(following: Map<string, () => void>, key: string): void {
  following.get(key)?.()
  following.delete(key)
}
