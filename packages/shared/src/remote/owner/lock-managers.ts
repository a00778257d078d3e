import type { Connection } from '../../connection/connection.js'
import type { Hold, HoldListener } from '../../stores/lock/hold.js'
import type { LockManager, LockSession } from '../../stores/lock/lock-manager.js'

// An app may have a key prefix for every request.
const MAX_MANAGERS = 1_000

/** Several clients that hold one lock under the same owner name. */
class Holders implements HoldListener {
  readonly all = new Set<HoldListener>()

  lost(hold: Hold, reason: string): void {
    for (const holder of [...this.all]) holder.lost(hold, reason)
  }
}

/** The managers of the locks in memory that clients have asked for, by key prefix. */
export class LockManagers {
  readonly #connection: Connection
  readonly #make: (session: LockSession) => LockManager
  readonly #managers = new Map<string, LockManager>()
  readonly #onEnded: (() => void)[] = []
  /** How many calls of `acquire` are not answered yet. */
  acquiring = 0

  constructor(connection: Connection, make: (session: LockSession) => LockManager) {
    this.#connection = connection
    this.#make = make
  }

  of(prefix: string): LockManager {
    const existing = this.#managers.get(prefix)
    if (existing !== undefined) return existing
    // A hold outlives its manager, because its table stays. But a call of `acquire` that is not answered would add its hold to a
    // table that no later manager uses.
    if (this.#managers.size >= MAX_MANAGERS && this.acquiring === 0) this.end()
    const connection = this.#connection
    const manager = this.#make({
      clock: connection.clock,
      connection,
      prefix,
      ready: true,
      // A lock that is granted to a client that has gone is released at once.
      onEnd: () => undefined,
      onEnded: (callback) => this.#onEnded.push(callback),
    })
    this.#managers.set(prefix, manager)
    return manager
  }

  /** Ends the managers; {@link of} makes others. */
  end(): void {
    for (const callback of this.#onEnded.splice(0)) callback()
    this.#managers.clear()
  }
}

/** Notifies `holder` when the lock is lost. */
export function addHolder(hold: Hold, holder: HoldListener): void {
  const { listener } = hold
  if (listener === undefined) hold.listener = holder
  else if (listener instanceof Holders) listener.all.add(holder)
  else {
    const holders = new Holders()
    hold.listener = holders
    holders.all.add(listener).add(holder)
  }
}

/** Ends what {@link addHolder} began. */
export function removeHolder(hold: Hold, holder: HoldListener): void {
  if (hold.listener instanceof Holders) hold.listener.all.delete(holder)
  else hold.listener = undefined
}
