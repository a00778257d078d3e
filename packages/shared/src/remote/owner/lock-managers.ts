import type { Connection } from '../../connection/connection.js'
import type { Hold, HoldListener } from '../../stores/lock/hold.js'
import type { LockManager, LockSession } from '../../stores/lock/lock-manager.js'

/** Several users that hold one lock, under one name of an owner. */
class Holders implements HoldListener {
  readonly all = new Set<HoldListener>()

  lost(hold: Hold, reason: string): void {
    for (const holder of [...this.all]) holder.lost(hold, reason)
  }
}

/** The managers of locks in memory that users of the owner have asked for, by the prefix of their keys. */
export class LockManagers {
  readonly #connection: Connection
  readonly #make: (session: LockSession) => LockManager
  readonly #managers = new Map<string, LockManager>()
  readonly #atEnd: (() => void)[] = []

  constructor(connection: Connection, make: (session: LockSession) => LockManager) {
    this.#connection = connection
    this.#make = make
  }

  of(prefix: string): LockManager {
    const existing = this.#managers.get(prefix)
    if (existing !== undefined) return existing
    const connection = this.#connection
    const manager = this.#make({
      clock: connection.clock,
      connection,
      prefix,
      ready: true,
      // Calls of users who have gone give back what they get.
      atEnd: () => undefined,
      afterEnd: (callback) => this.#atEnd.push(callback),
    })
    this.#managers.set(prefix, manager)
    return manager
  }

  /** No user comes any more. */
  end(): void {
    for (const callback of this.#atEnd.splice(0)) callback()
    this.#managers.clear()
  }
}

/** Has `holder` told when the lock is lost. */
export function follow(hold: Hold, holder: HoldListener): void {
  const { listener } = hold
  if (listener === undefined) hold.listener = holder
  else if (listener instanceof Holders) listener.all.add(holder)
  else {
    const holders = new Holders()
    hold.listener = holders
    holders.all.add(listener).add(holder)
  }
}

export function leave(hold: Hold, holder: HoldListener): void {
  if (hold.listener instanceof Holders) hold.listener.all.delete(holder)
  else hold.listener = undefined
}
