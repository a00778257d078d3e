import type { Clock } from '../time/clock.js'
import { LockTable } from './lock-table.js'

/** The lock tables of one engine handle, one per key prefix. */
export class LockTables {
  readonly #clock: Clock
  readonly #tables = new Map<string, LockTable>()
  /** Tells made-up owners of this handle from those of another process. */
  readonly #identity: string

  constructor(clock: Clock, random: () => number) {
    this.#clock = clock
    this.#identity = Math.floor(random() * 2 ** 48).toString(36)
  }

  of(prefix: string): LockTable {
    let table = this.#tables.get(prefix)
    if (table === undefined) {
      table = new LockTable(this.#clock, this.#identity)
      this.#tables.set(prefix, table)
    }
    return table
  }

  /** Ends every lease, because nothing guards them after this. */
  dropAll(): void {
    for (const table of this.#tables.values()) table.dropAll('the adapter that granted the lock was disconnected')
  }
}
