import type { Step } from '@go-go-scope/persistence-core/dialect'
import type { TableKind } from './copied-tables.js'

/** The statements for the rows of one table, in the columns of `COPIED_TABLES`. */
export interface TableSql {
  /** Selects one row with `rows`. */
  readonly count: string
  /**
   * Selects the next rows by `at` after the first parameter, with their size as `bytes`. The second parameter is the limit.
   *
   * @param first Whether the first parameter is the smallest possible value, which is then included.
   */
  readonly sizes: (first: boolean) => string
  /** Selects the rows after the first parameter, up to and including the second one. */
  readonly rows: (first: boolean) => string
  /**
   * Statements that each write the rows in the first parameter, a JSON array of arrays.
   *
   * @param rows The number of rows.
   */
  readonly insert: (rows: number) => readonly string[]
}

/** The last lock token and the last claim generation that a store has issued. */
export interface Given {
  readonly token: number
  readonly generation: number
}

/** The SQL of one side of a copy. Parameters are positional. Those of steps are already bound. */
export interface StoreSql {
  readonly table: (kind: TableKind, name: string) => TableSql
  /** Selects the `name` of each of the app's own cache tables. */
  readonly ownCaches: string
  /** Creates such a table. */
  readonly createCache: (name: string) => readonly string[]
  /** Selects one row with `now`, in epoch ms by the store's own clock. Absent if the store uses this process's clock. */
  readonly now?: string
  /** Selects the `name` of at most five held locks and claims. @param now Epoch ms by this process's clock. */
  readonly held: (now: number) => Step
  /** Selects one row with `token` and `generation`. */
  readonly given: string
  /** Makes all later tokens and generations greater than these. */
  readonly raise: (given: Given) => readonly Step[]
  /** Selects the names of the tables `moved` and `copies` that exist. */
  readonly marks: string
  readonly moved: string
  readonly copies: string
  /** Makes the table `copies`, and removes the only rows that the target may have. */
  readonly beginCopy: readonly string[]
  /** Selects at most one row, which means that something is or was stored here. */
  readonly occupied: string
  /** Lets the commit not wait for the disk, because rows lost in a crash are copied again. Empty if commits always wait. */
  readonly unflushed: readonly Step[]
  /** Makes the commit wait for the disk, whatever the role has set. */
  readonly flushed: readonly Step[]
  /** Seals the store. Fails while `free` returns rows. */
  readonly seal: (free: Step, caches: readonly string[], id: string, to: string) => readonly Step[]
  readonly unseal: (caches: readonly string[]) => readonly Step[]
  /** Returns the placeholder of the n-th parameter. */
  readonly parameter: (n: number) => string
}
