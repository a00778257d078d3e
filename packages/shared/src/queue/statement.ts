import type { Row, SqlValue } from '../driver/driver.js'
import { PersistenceError } from '../errors/persistence-error.js'

/** How many rows a statement gives; `one` means at most one. */
export type RowCount = 'none' | 'one' | 'many'

/** What a statement of that row count gives to {@link Decode}. */
export type Given<Rows extends RowCount> = Rows extends 'one'
  ? Row | undefined
  : Rows extends 'many'
    ? readonly Row[]
    : undefined

/**
 * Turns the answer of a statement into the result of a call. Only the caller of that call sees what it throws. It also gets the
 * parameters of the call, so that one function serves all calls without a closure for each, and how many calls shared the
 * statement; `undefined` where another thread or process ran it.
 */
export type Decode<Rows extends RowCount, Result> = (
  given: Given<Rows>,
  parameters: Parameters,
  calls?: number,
) => Result

/** Decodes the answer of a statement whose caller gets nothing. */
export const nothing = (): void => undefined

/** Decodes whether a statement gave a row. */
export const hasRow = (row: Row | undefined): boolean => row !== undefined

/** Decodes the row of a statement, as it is. */
export const oneRow = (row: Row | undefined): Row | undefined => row

/** Decodes the rows of a statement, as they are. */
export const allRows = (rows: readonly Row[]): readonly Row[] => rows

/** The row of a statement that always gives one. @throws PersistenceError `SQL` when a trigger of the app took it away. */
export function givenRow(row: Row | undefined, operation: string): Row {
  if (row !== undefined) return row
  throw new PersistenceError(
    'SQL',
    operation,
    `${operation}: the engine gave no row, though the statement always gives one; drop triggers of yours on our tables, or report it`,
  )
}

/**
 * Whether the last parameter is the current time in epoch ms, bound when the statement runs: `wall` by the wall clock,
 * `lease` by the one that never goes back (time/lease-clock.ts). Where the database's own clock judges, both are what its
 * dialect binds instead.
 */
export type BoundTime = 'none' | 'wall' | 'lease'

/**
 * The change that a statement makes and that others wait for or go by. A server that runs the statement for another thread or
 * process tells them. `circuit`: a circuit has changed, its key is the first parameter and its row the answer, if any; `probe`: the
 * same, and listeners are called only if the state that the port shows has changed. `claim`: the key of the first parameter changes hands.
 * `leaseTime`: the answer has a time of the leases in the database, in that column.
 * `entry`, `entries`, `entryRows` and `entryRange`: entries of the cache table `table` change, which are named by the first
 * parameter, by a JSON array of keys, by a JSON array of rows that begin with the key, and by the first two parameters.
 */
export type Announcement =
  | { readonly of: 'circuit' | 'probe' | 'claim' }
  | { readonly of: 'leaseTime'; readonly column: string }
  | { readonly of: 'entry' | 'entries' | 'entryRows' | 'entryRange'; readonly table: string }

/** A constant SQL text of this family. Each store declares its statements once; no code builds SQL from data. */
export interface Statement<Rows extends RowCount = RowCount> {
  /** For errors and diagnostics, for example `cache.set`. */
  readonly name: string
  readonly kind: 'read' | 'write'
  readonly rows: Rows
  readonly clocked: BoundTime
  readonly sql: string
  /** No caller awaits it. It fails at once while another connection holds the database, and is tried again at its next time. */
  readonly background?: true
  /** It reads many rows. It runs on a connection that only reads where there is one, so that other calls do not wait for it. */
  readonly scans?: true
  /**
   * For a statement that gives many rows: its decoder makes at most one item of each row, so it may get the rows in parts. Rows
   * that all wait for the last one would live long, and be copied by the garbage collector.
   */
  readonly decodesInParts?: true
  /** Absent: others wait for no change of it. */
  readonly announces?: Announcement
  /** It may be sent again when its answer was lost, because running twice leaves what running once does. Reads always may. */
  readonly repeatable?: true
  /**
   * Runs instead, with the same parameters, when the answer was lost and the statement is not {@link repeatable}. It finds out
   * whether the statement took effect, and does its work where it did not. May be repeated.
   */
  readonly afterLoss?: Statement<Rows>
  /** The form for many calls at once. Absent where calls cannot share a statement. */
  readonly batch?: BatchSql
}

/**
 * One statement for many waiting calls. `?1` is a JSON array with one element per call: its only own parameter, or the
 * array of them; then come the shared parameters, then the current time where the statement is clocked.
 */
export interface BatchSql {
  readonly sql: string
  /** How many of the last parameters must be equal in all calls of the batch. Default 0. */
  readonly shared?: number
  /**
   * How a row finds its call. `index`: by its column `i`, the position of the call; its other columns are those that the
   * statement gives for one call, whose names cross once to another thread or process. `order`: one row per call in the
   * order of the calls, for RETURNING, which cannot see the position; the column `k` repeats the call's first parameter
   * and is checked. `echo`: by the columns of {@link echo}; a call without a row gets none, calls that repeat one another
   * share one. `none`: it gives no rows.
   */
  readonly match: 'none' | 'index' | 'order' | 'echo'
  /** The columns that repeat the first parameters of the call. */
  readonly echo?: readonly string[]
  /** No two calls that share the statement have the same first parameter. Default: they may. */
  readonly distinct?: true
  /**
   * The same for {@link CALLS_BOUND_TOGETHER} calls that bring a value each, with the parameters of one call after those
   * of the other, then the time. For engines that answer within the call: the value does not become JSON within JSON.
   * Only of a statement that gives no rows.
   */
  readonly bound?: string
  /**
   * The same as one row: its column `i` has the positions of the calls that have a row, each other column what those rows
   * have in it, all as JSON arrays. For answers that go on as they are. Only with {@link match} `index`.
   */
  readonly packed?: string
  /** The same for calls of few keys, as a count for each key. Only with {@link match} `order`. */
  readonly tally?: TallySql
}

/** How many calls {@link BatchSql.bound} takes: with more the gain is small, with fewer it is lost. */
export const CALLS_BOUND_TOGETHER = 16

/**
 * One row for all calls of one key. `?1` is a JSON array of `[key, number of calls]`; then come the shared parameters and
 * the time. A row repeats the key as `k` and gives the circumstances after the last of the calls.
 *
 * A key gives no row, and nothing of it is changed, unless all its calls give the same but for {@link column}, which each
 * of them raises by one.
 */
export interface TallySql {
  readonly sql: string
  readonly column: string
}

/** Optional traits of a statement. */
export interface StatementTraits {
  /** Default: not clocked. */
  readonly clocked?: BoundTime
  /** Of a read. */
  readonly scans?: true
  /** Of a read. */
  readonly decodesInParts?: true
  readonly repeatable?: true
  /** SQL of {@link Statement.afterLoss}. */
  readonly afterLoss?: string
  readonly batch?: BatchSql
  readonly announces?: Announcement
}

/** A statement that changes nothing. */
export function read<Rows extends RowCount>(
  name: string,
  rows: Rows,
  sql: string,
  { clocked = 'none', scans, decodesInParts, batch, announces }: StatementTraits = {},
): Statement<Rows> {
  return {
    name,
    kind: 'read',
    rows,
    clocked,
    sql,
    ...(scans && { scans }),
    ...(decodesInParts && { decodesInParts }),
    ...(batch && { batch }),
    ...(announces && { announces }),
  }
}

/** A statement that changes the database. */
export function write<Rows extends RowCount>(
  name: string,
  rows: Rows,
  sql: string,
  { clocked = 'none', repeatable, afterLoss, batch, announces }: StatementTraits = {},
): Statement<Rows> {
  return {
    name,
    kind: 'write',
    rows,
    clocked,
    sql,
    ...(repeatable && { repeatable }),
    ...(afterLoss !== undefined && { afterLoss: write(name, rows, afterLoss, { clocked, repeatable: true }) }),
    ...(batch && { batch }),
    ...(announces && { announces }),
  }
}

/** Parameters of one call, without the time. */
export type Parameters = readonly SqlValue[]

/** One step of a transaction. */
export interface Step {
  readonly sql: string
  readonly parameters: Parameters
  readonly clocked?: BoundTime
  /** The number of rows this step must give; another number rolls the whole transaction back with `CONSTRAINT`. */
  readonly expect?: number
  /** It is a statement of the app: its rows are as the app has taught its client library. */
  readonly ofApp?: true
  /** As a statement's. */
  readonly announces?: Announcement
  /** Makes the error that takes the place of `CONSTRAINT`. */
  readonly unmet?: () => PersistenceError
  /** Called with the rows within the transaction. What it throws rolls the whole transaction back. */
  readonly after?: (rows: readonly Row[]) => void
}
