import type { Connection } from '../connection/connection.js'
import type { Hold } from '../stores/lock/hold.js'
import { HoldTables } from '../stores/lock/hold-tables.js'
import type { LockManager, LockSession } from '../stores/lock/lock-manager.js'

/** A user of the owner, as far as its locks go. */
export interface LockHolder {
  lost(hold: Hold, reason: string): void
}

/** The managers of locks in memory that users of the owner have asked for, by the prefix of their keys. */
export class LockManagers {
  readonly #connection: Connection
  readonly #make: (session: LockSession) => LockManager
  readonly #managers = new Map<string, LockManager>()
  readonly #atEnd: (() => void)[] = []
  /** Of each lock that is held, by token: several users may hold it under one name of an owner. */
  readonly #holders = new Map<number, Set<LockHolder>>()
  readonly #onLost = (hold: Hold, reason: string): void => {
    for (const holder of this.#holders.get(hold.token) ?? []) holder.lost(hold, reason)
    this.#holders.delete(hold.token)
  }

  constructor(connection: Connection, make: (session: LockSession) => LockManager) {
    this.#connection = connection
    this.#make = make
  }

  /** Begins the names of owners that are made up for them. */
  get ownerPrefix(): string {
    return this.#connection.owner?.lockOwnerPrefix ?? this.#connection.shared(HoldTables).ownerPrefix
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
      connect: () => connection.open(),
      afterEnd: (callback) => this.#atEnd.push(callback),
    })
    this.#managers.set(prefix, manager)
    return manager
  }

  /** Has `holder` told when the lock is lost. */
  enter(hold: Hold, holder: LockHolder): void {
    const holders = this.#holders.get(hold.token) ?? new Set()
    this.#holders.set(hold.token, holders.add(holder))
    hold.onLost = this.#onLost
  }

  leave(hold: Hold, holder: LockHolder): void {
    const holders = this.#holders.get(hold.token)
    if (holders?.delete(holder) && holders.size === 0) this.#holders.delete(hold.token)
  }

  /** No user comes any more. */
  end(): void {
    for (const callback of this.#atEnd.splice(0)) callback()
    this.#managers.clear()
  }
}
