import type { Row, SqlValue } from '../driver/driver.js'
import type { PersistenceError } from '../errors/persistence-error.js'

/** How many rows a statement gives; `one` means at most one. */
export type RowCount = 'none' | 'one' | 'many'

/** What a statement of that row count gives to {@link Decode}. */
export type Given<Rows extends RowCount> = Rows extends 'one'
  ? Row | undefined
  : Rows extends 'many'
    ? readonly Row[]
    : undefined

/**
 * Turns what a statement gave into what its caller gets. May throw; only its own caller sees that. It is also given the
 * parameters of the call, so that one function serves all calls and none allocates a closure.
 */
export type Decode<Rows extends RowCount, Result> = (given: Given<Rows>, parameters: Parameters) => Result

/**
 * Whether the last parameter is the current time in epoch ms, bound when the statement runs: `true` by the wall clock,
 * `lease` by the one that never goes back (time/lease-clock.ts).
 */
export type Time = boolean | 'lease'

/**
 * Of which change a statement is that others wait for or go by, so that whoever runs it for another thread or process can
 * tell them. `circuit`: a circuit has changed, its key is the first parameter and its row the answer, if any; `probe`: the
 * same, and no news where the state that the port shows stays. `claim`: the key of the first parameter changes hands.
 * `leaseTime`: the answer has a time of the leases in the database, in that column.
 * `entry`, `entries`, `entryRows` and `entryRange`: entries of the cache table `table` change, which are named by the first
 * parameter, by a JSON array of keys, by a JSON array of rows that begin with the key, and by the first two parameters.
 */
export type Announcement =
  | { readonly of: 'circuit' | 'probe' | 'claim' }
  | { readonly of: 'leaseTime'; readonly column: string }
  | { readonly of: 'entry' | 'entries' | 'entryRows' | 'entryRange'; readonly table: string }

/** A constant SQL text of this family. Stores name theirs once; nothing builds SQL from data. */
export interface Statement<Rows extends RowCount = RowCount> {
  /** For errors and diagnostics, for example `cache.set`. */
  readonly name: string
  readonly kind: 'read' | 'write'
  readonly rows: Rows
  readonly clocked: Time
  readonly sql: string
  /** No caller awaits it: where another connection holds the database it fails at once, and its next turn tries again. */
  readonly background?: true
  /** Absent: of none. */
  readonly announces?: Announcement
  /** The same for many calls at once; absent where calls cannot share a statement. */
  readonly batch?: BatchSql
}

/**
 * One statement for many waiting calls. `?1` is a JSON array with one element per call: its only own parameter, or the
 * array of them; then come the shared parameters, then the current time where the statement is clocked.
 */
export interface BatchSql {
  readonly sql: string
  /** How many of the last parameters must be the same in all calls of the batch; 0 when absent. */
  readonly shared?: number
  /**
   * How a row finds its call. `index`: by its column `i`, the position of the call. `order`: one row per call in the
   * order of the calls, for RETURNING, which cannot see the position; the column `k` repeats the call's first parameter
   * and is checked. `echo`: by the columns of {@link echo}; a call without a row gets none, calls that repeat one another
   * share one. `none`: it gives no rows.
   */
  readonly match: 'none' | 'index' | 'order' | 'echo'
  /** The columns that repeat the first parameters of the call. */
  readonly echo?: readonly string[]
}

/** What a statement may have besides its text. */
export interface StatementTraits {
  /** Default: not clocked. */
  readonly clocked?: Time
  readonly batch?: BatchSql
  readonly announces?: Announcement
}

/** A statement that changes nothing. */
export function read<Rows extends RowCount>(
  name: string,
  rows: Rows,
  sql: string,
  { clocked = false, batch, announces }: StatementTraits = {},
): Statement<Rows> {
  return { name, kind: 'read', rows, clocked, sql, ...(batch && { batch }), ...(announces && { announces }) }
}

/** A statement that changes the database. */
export function write<Rows extends RowCount>(
  name: string,
  rows: Rows,
  sql: string,
  { clocked = false, batch, announces }: StatementTraits = {},
): Statement<Rows> {
  return { name, kind: 'write', rows, clocked, sql, ...(batch && { batch }), ...(announces && { announces }) }
}

/** Parameters of one call, without the time. */
export type Parameters = readonly SqlValue[]

/** One step of an atomic batch. */
export interface Step {
  readonly sql: string
  readonly parameters: Parameters
  readonly clocked?: Time
  /** The number of rows this step must give; another number rolls the whole batch back with `CONSTRAINT`. */
  readonly expect?: number
  /** As a statement's. */
  readonly announces?: Announcement
  /** Makes the error that takes the place of `CONSTRAINT`. */
  readonly unmet?: () => PersistenceError
}
