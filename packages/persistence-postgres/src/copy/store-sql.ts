import type { Step } from '@go-go-scope/persistence-core/dialect'
import type { TableKind } from './copied-tables.js'

/** Statements over the rows of one table, in the columns of `COPIED_TABLES`. */
export interface TableSql {
  /** One row, `rows`. */
  readonly count: string
  /**
   * The next rows by `at` behind the first parameter, as many as the second one says, with their `bytes`.
   *
   * @param first Whether the first parameter is the least there can be, which counts too.
   */
  readonly sizes: (first: boolean) => string
  /** The rows between the first and the second parameter; the second counts too. */
  readonly rows: (first: boolean) => string
  /**
   * Each writes rows that are the first parameter, a JSON array of arrays.
   *
   * @param rows How many there are.
   */
  readonly insert: (rows: number) => readonly string[]
}

/** How far a store has given tokens of locks and generations of claims. */
export interface Given {
  readonly token: number
  readonly generation: number
}

/** One side of a copy: its texts. Parameters are positional, and those of steps are bound already. */
export interface StoreSql {
  readonly table: (kind: TableKind, name: string) => TableSql
  /** Rows with the `name` of a table of a cache that has a name of the app's. */
  readonly ownCaches: string
  /** Makes such a table. */
  readonly createCache: (name: string) => readonly string[]
  /** One row, `now`: epoch ms by the clock that judges here. Absent where that is this process's. */
  readonly now?: string
  /** At most five rows with the `name` of a lock or claim that is held. @param now Epoch ms by this process's clock. */
  readonly held: (now: number) => Step
  /** One row, `token` and `generation`. */
  readonly given: string
  /** Has what is given from now on be greater. */
  readonly raise: (given: Given) => readonly Step[]
  /** The names of the tables `moved` and `copies`, where they are there. */
  readonly marks: string
  readonly moved: string
  readonly copies: string
  readonly createCopies: string
  /** At most one row: something is stored here, or has been. */
  readonly occupied: string
  readonly deletePrefixes: string
  /** Has the commit of its transaction not wait for the disk: what a crash takes is copied again. Empty where it always waits. */
  readonly unflushed: readonly Step[]
  /** Has it wait, whatever the role has set. */
  readonly flushed: readonly Step[]
  /** Fails while `free` gives rows. */
  readonly seal: (free: Step, caches: readonly string[], id: string, to: string) => readonly Step[]
  readonly unseal: (caches: readonly string[]) => readonly Step[]
  /** The place of the n-th parameter. */
  readonly parameter: (n: number) => string
}
