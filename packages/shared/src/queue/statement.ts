import type { Row, SqlValue } from '../driver/driver.js'
import { PersistenceError } from '../errors/persistence-error.js'

/** How many rows a statement returns; `one` means at most one. */
export type RowCount = 'none' | 'one' | 'many'

/** The answer of a statement with that row count. */
export type AnswerOf<Rows extends RowCount> = Rows extends 'one'
  ? Row | undefined
  : Rows extends 'many'
    ? readonly Row[]
    : undefined

/**
 * Converts the answer of a statement to the result of a call. Its errors reach only the caller of that call. It also receives the
 * parameters of the call, so that one function serves all calls without a closure for each, and the number of calls that shared
 * the statement; `undefined` if another thread or process ran it.
 */
export type Decode<Rows extends RowCount, Result> = (
  answer: AnswerOf<Rows>,
  parameters: Parameters,
  calls?: number,
) => Result

/** Decodes the answer of a statement whose caller receives nothing. */
export const nothing = (): void => undefined

/** Decodes whether a statement returned a row. */
export const hasRow = (row: Row | undefined): boolean => row !== undefined

/** Returns the row of a statement unchanged. */
export const oneRow = (row: Row | undefined): Row | undefined => row

/** Returns the rows of a statement unchanged. */
export const allRows = (rows: readonly Row[]): readonly Row[] => rows

/** Returns the row of a statement that always has one. @throws PersistenceError `SQL` when a trigger of the app suppressed it. */
export function requiredRow(row: Row | undefined, operation: string): Row {
  if (row !== undefined) return row
  throw new PersistenceError(
    'SQL',
    operation,
    `${operation}: the engine gave no row, though the statement always gives one; drop triggers of yours on our tables, or report it`,
  )
}

/**
 * Whether the last parameter is the current time in epoch ms, bound when the statement runs: `wall` by the wall clock, `lease` by
 * the clock that never goes back (time/lease-clock.ts). If the database's own clock decides, its dialect binds another value
 * instead.
 */
export type BoundTime = 'none' | 'wall' | 'lease'

/**
 * The change by a statement that other clients wait for or depend on. A server that runs the statement for another thread or
 * process announces it to them. `circuit`: a circuit has changed; its key is the first parameter and its row the answer, if any.
 * `probe`: the same, but listeners are called only if the state of the port has changed. `claim`: the key in the first parameter
 * changes hands. `leaseTime`: the answer has a lease time of the database, in that column. `entry`, `entries`, `entryRows` and
 * `entryRange`: entries of the cache table `table` change. They are named by the first parameter, by a JSON array of keys, by a
 * JSON array of rows that begin with the key, and by the first two parameters.
 */
export type Announcement =
  | { readonly of: 'circuit' | 'probe' | 'claim' }
  | { readonly of: 'leaseTime'; readonly column: string }
  | { readonly of: 'entry' | 'entries' | 'entryRows' | 'entryRange'; readonly table: string }

/** A constant SQL text of this family. Each store declares its statements once; no code builds SQL from data. */
export interface Statement<Rows extends RowCount = RowCount> {
  /** The name in errors and diagnostics, for example `cache.set`. */
  readonly name: string
  readonly kind: 'read' | 'write'
  readonly rows: Rows
  readonly clocked: BoundTime
  readonly sql: string
  /**
   * Marks background work. It fails immediately while another connection holds the database, and is retried at its next scheduled
   * time.
   */
  readonly background?: true
  /**
   * The statement reads many rows. It runs on a read-only connection, if there is one, so that other calls do not wait for it.
   */
  readonly scans?: true
  /**
   * For a statement that returns many rows: its decoder makes at most one item from each row, so it can receive the rows in
   * parts. Rows that wait for the last one would live long, and the garbage collector would copy them.
   */
  readonly decodesInParts?: true
  /** Absent when no other client waits for a change by it. */
  readonly announces?: Announcement
  /**
   * The statement may be sent again when its answer was lost, because running it twice has the effect of running it once. Reads
   * always may.
   */
  readonly repeatable?: true
  /**
   * Runs instead, with the same parameters, when the answer was lost and the statement is not {@link repeatable}. It finds out
   * whether the statement took effect, and does its work if not. May be repeated.
   */
  readonly afterLoss?: Statement<Rows>
  /** The form for many calls at once. Absent when calls cannot share a statement. */
  readonly batch?: BatchSql
}

/**
 * One statement for many waiting calls. `?1` is a JSON array with one element per call: its only own parameter, or the array of
 * its own parameters. The shared parameters follow, then the current time if the statement is clocked.
 */
export interface BatchSql {
  readonly sql: string
  /** How many of the last parameters must be equal in all calls of the batch. Default 0. */
  readonly shared?: number
  /**
   * How a row is matched with its call. `index`: by its column `i`, the position of the call; its other columns are those of the
   * single statement, whose names are sent once to another thread or process. `order`: one row per call in the order of the
   * calls, for RETURNING, which cannot access the position; the column `k` repeats the call's first parameter and is checked.
   * `echo`: by the columns of {@link echo}; a call without a row gets none, and equal calls share one. `none`: it returns no
   * rows.
   */
  readonly match: 'none' | 'index' | 'order' | 'echo'
  /** The columns that repeat the first parameters of the call. */
  readonly echo?: readonly string[]
  /** Calls that share the statement have different first parameters. Default: they may be equal. */
  readonly distinct?: true
  /**
   * Same for {@link CALLS_BOUND_TOGETHER} calls with a value each: the parameters of one call follow those of another, then comes
   * the time. For synchronous engines, so that the value does not become JSON within JSON. Only for a statement that returns no
   * rows.
   */
  readonly bound?: string
  /**
   * Same as one row: its column `i` has the positions of the calls that have a row, each other column has the values of those
   * rows, all as JSON arrays. For answers that are forwarded unchanged. Only with {@link match} `index`.
   */
  readonly packed?: string
  /** Same for calls with few distinct keys, as a count per key. Only with {@link match} `order`. */
  readonly tally?: TallySql
}

/** The number of calls in {@link BatchSql.bound}: with more the additional gain is small, with fewer the gain is lost. */
export const CALLS_BOUND_TOGETHER = 16

/**
 * One row for all calls of one key. `?1` is a JSON array of `[key, number of calls]`; the shared parameters and the time follow.
 * A row repeats the key as `k` and has the state after the last of the calls.
 *
 * A key returns no row and is not changed unless all its calls would return the same row except for {@link column}, which each of
 * them increments by one.
 */
export interface TallySql {
  readonly sql: string
  readonly column: string
}

/** The traits of a statement that it may lack. */
type StatementTraits = Partial<Pick<Statement, 'clocked' | 'batch' | 'announces'>>

/** Declares a statement that changes nothing. Default: not clocked. */
export function read<Rows extends RowCount>(
  name: string,
  rows: Rows,
  sql: string,
  traits: StatementTraits & Pick<Statement, 'scans' | 'decodesInParts'> = {},
): Statement<Rows> {
  return { name, kind: 'read', rows, clocked: 'none', sql, ...traits }
}

/**
 * Declares a statement that changes the database. Default: not clocked.
 *
 * @param afterLoss SQL of {@link Statement.afterLoss}.
 */
export function write<Rows extends RowCount>(
  name: string,
  rows: Rows,
  sql: string,
  { afterLoss, ...traits }: StatementTraits & Pick<Statement, 'repeatable'> & { readonly afterLoss?: string } = {},
): Statement<Rows> {
  const statement = { name, kind: 'write', rows, clocked: 'none', sql, ...traits } as const
  if (afterLoss === undefined) return statement
  const { clocked } = statement
  return { ...statement, afterLoss: write(name, rows, afterLoss, { clocked, repeatable: true }) }
}

/** The parameters of one call, without the time. */
export type Parameters = readonly SqlValue[]

/** One step of a transaction. */
export interface Step {
  readonly sql: string
  /** Default: none. */
  readonly parameters?: Parameters
  readonly clocked?: BoundTime
  /** The number of rows that this step must return. Any other number rolls the whole transaction back with `CONSTRAINT`. */
  readonly expect?: number
  /** A statement of the app. Its rows have the types that the app has configured in its client library. */
  readonly ofApp?: true
  /** See {@link Statement.announces}. */
  readonly announces?: Announcement
  /** Creates the error that replaces `CONSTRAINT`. */
  readonly unmet?: () => PersistenceError
  /** Called with the rows within the transaction. An error that it throws rolls the whole transaction back. */
  readonly after?: (rows: readonly Row[]) => void
}
