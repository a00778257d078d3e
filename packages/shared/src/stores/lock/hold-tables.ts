import type { Connection } from '../../connection/connection.js'
import type { EndsWithConnection } from '../../connection/shared-states.js'
import type { Clock } from '../../time/clock.js'
import { lockEvents } from '../../tracing/events.js'
import type { TracedDatabase } from '../../tracing/traced-database.js'
import { HoldTable } from './hold-table.js'
import type { LockKind, LockSession } from './lock-manager.js'

interface NamedTable {
  readonly table: HoldTable
  users: number
}

// More than the one table that each enter adds, so that all abandoned tables are eventually swept.
const TABLES_PER_ENTER = 2

/**
 * The hold tables of one engine handle, by name: a kind of lock and a key prefix. A table is removed when no adapter uses it and
 * it has no hold, because an app may create an adapter with its own prefix for every request.
 */
export class HoldTables implements EndsWithConnection {
  readonly #clock: Clock
  readonly #database: TracedDatabase
  readonly #tables = new Map<string, NamedTable>()
  /** Tables that no adapter uses but that have holds. */
  readonly #abandoned = new Set<NamedTable>()

  constructor({ clock, database }: Connection) {
    this.#clock = clock
    this.#database = database
  }

  /** Returns the table of the locks of `kind` under `prefix`, until `session` has ended. */
  static of(session: LockSession, kind: LockKind, prefix: string = session.prefix): HoldTable {
    const tables = session.connection.shared(HoldTables)
    const name = `${kind}:${prefix}`
    session.onEnded(() => tables.leave(name))
    return tables.enter(name, kind)
  }

  /** Returns the table of the locks of `kind` under `prefix`, while an adapter uses it or it has a hold. */
  find(kind: LockKind, prefix: string): HoldTable | undefined {
    return this.#tables.get(`${kind}:${prefix}`)?.table
  }

  /** The number of tables. */
  get size(): number {
    return this.#tables.size
  }

  /** Returns the table of that name, until {@link leave}. */
  enter(name: string, kind: LockKind): HoldTable {
    this.#sweepAbandoned()
    const entered = this.#tables.get(name) ?? { table: this.#newTable(kind), users: 0 }
    this.#tables.set(name, entered)
    this.#abandoned.delete(entered)
    entered.table.onEmpty = undefined
    entered.users++
    return entered.table
  }

  leave(name: string): void {
    const left = this.#tables.get(name)
    if (left === undefined || --left.users > 0) return
    if (left.table.size === 0) {
      this.#tables.delete(name)
      return
    }
    this.#abandoned.add(left)
    left.table.onEmpty = () => {
      this.#abandoned.delete(left)
      this.#tables.delete(name)
    }
  }

  /** Ends every hold, because no manager extends or checks one after this. */
  ended(): void {
    this.dropAll('', 'the adapter that granted the lock was disconnected')
  }

  /** Ends the holds of all tables of `kind`; '' for every kind. */
  dropAll(kind: LockKind | '', reason: string): void {
    for (const [name, { table }] of [...this.#tables]) if (name.startsWith(kind)) table.dropAll(reason)
  }

  #newTable(kind: LockKind): HoldTable {
    const database = this.#database
    return new HoldTable(this.#clock, (key, reason) => {
      if (lockEvents.hasSubscribers) lockEvents.publish({ database, kind, outcome: 'lost', key, reason })
    })
  }

  /** Ends expired holds in tables that no grant sweeps any longer. */
  #sweepAbandoned(): void {
    const abandoned = this.#abandoned.values()
    for (let swept = 0; swept < TABLES_PER_ENTER; swept++) {
      const next = abandoned.next().value
      if (next === undefined) return
      // Moves it to the end of the order.
      this.#abandoned.delete(next)
      this.#abandoned.add(next)
      next.table.sweep()
    }
  }
}
