import type { Connection } from '../../connection/connection.js'
import type { DatabaseOwner } from '../../connection/database-owner.js'
import type { EndsWithConnection } from '../../connection/shared-states.js'
import { WakeUp } from '../../time/wake-up.js'

interface Waiting {
  readonly wakes: Set<() => void>
  /** Unsubscribes from the owner of the database. */
  readonly leaveOwner: (() => void) | undefined
}

/** Callers that wait for a key to change hands, by stored key. A change through the same handle wakes them immediately. */
export class KeyWaiters implements EndsWithConnection {
  readonly #owner: DatabaseOwner | undefined
  readonly #byKey = new Map<string, Waiting>()

  constructor({ owner }: Connection) {
    this.#owner = owner
  }

  /** Records every wake-up from now on, so that none is lost between a read of the key and the wait. */
  enter(key: string): KeyWaiter {
    return new KeyWaiter((wake) => this.listen(key, wake))
  }

  /** Calls `wake` whenever the key changes hands. @returns a function that unsubscribes; call it once. */
  listen(key: string, wake: () => void): () => void {
    const waiting = this.#byKey.get(key) ?? {
      wakes: new Set(),
      leaveOwner: this.#owner?.followClaim(key, () => this.wake(key)),
    }
    this.#byKey.set(key, waiting)
    waiting.wakes.add(wake)
    return () => {
      waiting.wakes.delete(wake)
      if (waiting.wakes.size > 0) return
      this.#byKey.delete(key)
      waiting.leaveOwner?.()
    }
  }

  wake(key: string): void {
    for (const wake of [...(this.#byKey.get(key)?.wakes ?? [])]) wake()
  }

  /** Wakes every caller; their next calls are refused. */
  ending(): void {
    for (const key of [...this.#byKey.keys()]) this.wake(key)
  }
}

/** One caller among the {@link KeyWaiters}. */
export class KeyWaiter extends WakeUp {
  readonly leave: () => void

  constructor(register: (wake: () => void) => () => void) {
    super()
    this.leave = register(() => this.wake())
  }
}
