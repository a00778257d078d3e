import type { Connection } from '../connection/connection.js'
import type { Hold, HoldListener } from '../stores/lock/hold.js'
import { HoldTables } from '../stores/lock/hold-tables.js'
import type { LockSession, LockStore } from '../stores/lock/lock-store.js'

/** Several users that hold one lock, under one name of an owner. */
class Holders implements HoldListener {
  readonly all = new Set<HoldListener>()

  lost(hold: Hold, reason: string): void {
    for (const holder of [...this.all]) holder.lost(hold, reason)
  }
}

/** The stores of locks in memory that users of the owner have asked for, by the prefix of their keys. */
export class LockStores {
  readonly #connection: Connection
  readonly #make: (session: LockSession) => LockStore
  readonly #stores = new Map<string, LockStore>()
  readonly #atEnd: (() => void)[] = []

  constructor(connection: Connection, make: (session: LockSession) => LockStore) {
    this.#connection = connection
    this.#make = make
  }

  /** Begins the names of owners that are made up for them. */
  get ownerPrefix(): string {
    return this.#connection.owner?.lockOwnerPrefix ?? this.#connection.shared(HoldTables).ownerPrefix
  }

  of(prefix: string): LockStore {
    const existing = this.#stores.get(prefix)
    if (existing !== undefined) return existing
    const connection = this.#connection
    const store = this.#make({
      clock: connection.clock,
      connection,
      prefix,
      ready: true,
      connect: () => connection.open(),
      afterEnd: (callback) => this.#atEnd.push(callback),
    })
    this.#stores.set(prefix, store)
    return store
  }

  /** No user comes any more. */
  end(): void {
    for (const callback of this.#atEnd.splice(0)) callback()
    this.#stores.clear()
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
