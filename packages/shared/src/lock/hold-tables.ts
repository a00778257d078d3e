import type { Clock } from '../time/clock.js'
import { HoldTable } from './hold-table.js'

/** Where locks are: in the memory of this process, or in the file for all processes that use it. */
export type LockKind = 'process' | 'database'

/** The hold tables of one engine handle, one per kind of lock and key prefix. */
export class HoldTables {
  readonly #clock: Clock
  readonly #tables = new Map<string, HoldTable>()
  /** Begins the owners made up for locks in memory. */
  readonly identity: string

  constructor(clock: Clock, random: () => number) {
    this.#clock = clock
    this.identity = Math.floor(random() * 2 ** 48).toString(36)
  }

  of(kind: LockKind, prefix: string): HoldTable {
    const name = `${kind}:${prefix}`
    let table = this.#tables.get(name)
    if (table === undefined) {
      table = new HoldTable(this.#clock)
      this.#tables.set(name, table)
    }
    return table
  }

  /** Ends every lease, because nothing guards or extends them after this. */
  dropAll(): void {
    for (const table of this.#tables.values()) table.dropAll('the adapter that granted the lock was disconnected')
  }
}
