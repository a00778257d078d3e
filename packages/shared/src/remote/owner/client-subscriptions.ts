import type { Connection } from '../../connection/connection.js'
import { StateListeners } from '../../stores/circuit-breaker/state-listeners.js'
import { KeyWaiters } from '../../stores/idempotency/key-waiters.js'
import type { AnswerWriter } from '../wire/answer-writer.js'
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
  readonly #out: Pick<AnswerWriter, 'mayNotify' | 'notifyOfChange'>
  readonly #circuits = new Map<string, () => void>()
  /** The circuits that are polled for changes by other connections, and the interval in ms. */
  readonly #watched = new Map<string, { interval: number; end(): void }>()
  readonly #claims = new Map<string, () => void>()
  /** The last notification of each circuit and claim that has changed while the client did not read. Earlier ones are dropped. */
  readonly #held = new Map<string, Item[]>()
  /** Whether the current change was made by this client, which learns of it by the answer. */
  #isOwn = false

  constructor(
    connection: Connection,
    watches: CircuitWatches,
    out: Pick<AnswerWriter, 'mayNotify' | 'notifyOfChange'>,
  ) {
    this.#listeners = connection.shared(StateListeners)
    this.#waiters = connection.shared(KeyWaiters)
    this.#watches = watches
    this.#out = out
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

  /** Sends what was held, as far as there is room. Call it when the client has read. */
  sendHeld(): void {
    for (const [subject, items] of this.#held) {
      if (!this.#out.mayNotify) return
      this.#held.delete(subject)
      this.#out.notifyOfChange(...items)
    }
  }

  end(): void {
    for (const key of [...this.#circuits.keys()]) this.#leaveCircuit(key)
    for (const key of [...this.#claims.keys()]) leave(this.#claims, key)
  }

  #followCircuit(key: string): () => void {
    return this.#listeners.follow(key, ({ state, failureCount, lastFailureTime, lastSuccessTime }, kind) => {
      if (this.#isOwn) {
        this.#held.delete(subjectOf(ownerOp.circuit, key))
        return
      }
      // Of several changes the client is sent the last, which is then a change, whatever it was by itself.
      const sent = this.#out.mayNotify ? kind : 'change'
      const times = [lastFailureTime ?? null, lastSuccessTime ?? null]
      this.#send(ownerOp.circuit, key, sent, state, failureCount, ...times)
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

  #send(op: number, key: string, ...rest: Item[]): void {
    this.sendHeld()
    if (this.#out.mayNotify) this.#out.notifyOfChange(op, key, ...rest)
    else this.#held.set(subjectOf(op, key), [op, key, ...rest])
  }

  #followClaim(key: string): () => void {
    return this.#waiters.listen(key, () => {
      if (!this.#isOwn) this.#send(ownerOp.claim, key)
    })
  }
}

function subjectOf(op: number, key: string): string {
  return `${op} ${key}`
}

function leave(following: Map<string, () => void>, key: string): void {
  following.get(key)?.()
  following.delete(key)
}
