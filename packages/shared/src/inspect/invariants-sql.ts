import { read, type Statement } from '../queue/statement.js'
import type { PageStatement, ValuePageStatement } from '../session/row-walk.js'

/** The list that has the fault; `schema` for a fault outside all lists. */
export type Part = 'cache' | 'locks' | 'claims' | 'results' | 'circuits' | 'tasks' | 'prefixes' | 'schema'

/** Invariants that the statements of the stores rely on for each row of a table. */
export interface RowInvariants {
  readonly part: Part
  /** Returns every row, so that no statement takes long. Each column of {@link broken} is 1 for a row that breaks that rule. */
  readonly statement: PageStatement
  /** By column name: what is wrong when the column is 1, for people. */
  readonly broken: Readonly<Record<string, string>>
}

/** An invariant that covers more than a single row. */
export interface Invariant {
  readonly part: Part
  /** No parameters. Returns one row per violation, with the `name` that it concerns, or NULL. */
  readonly statement: Statement<'many'>
  /** What is wrong when there is a row, for people. */
  readonly broken: string
}

/** Invariants of every database, whatever was done to it. Each is checked in one snapshot, also while others write. */
export interface InvariantSql {
  readonly rows: readonly RowInvariants[]
  readonly database: readonly Invariant[]
  /** Every checkpoint by its id, with the columns of `InspectSql.tasks` except `checkpoints`; its data is the value. */
  readonly checkpoints: ValuePageStatement
}

/** By column name: the SQL condition that is true for a faulty row, and what is wrong then, for people. */
export type Rules = Readonly<Record<string, readonly [condition: string, words: string]>>

/** @param page Makes the statement that returns every row with these columns, from their conditions. */
export function rowInvariants(
  part: Part,
  rules: Rules,
  page: (columns: readonly (readonly [name: string, condition: string])[]) => PageStatement,
): RowInvariants {
  const all = Object.entries(rules)
  return {
    part,
    statement: page(all.map(([name, [condition]]) => [name, condition])),
    broken: Object.fromEntries(all.map(([name, [, words]]) => [name, words])),
  }
}

/** @param sql Returns one row with the `name` per violation. */
export function invariant(part: Part, broken: string, sql: string): Invariant {
  return { part, broken, statement: read('verify.database', 'many', sql, { scans: true }) }
}

/** Faults that every database can have, for people. */
export const FAULTS = {
  tokenBeyondCounter: 'its token is beyond the counter, which will give that token again',
  halfFree: 'it is held and given back at the same time',
  endsEarly: 'its lease ends before it was granted',
  orphanProbes: 'it has probes under way and is not half-open; their reports do not count',
  orphanSuccesses: 'probes have succeeded that are of no trial; the next trial closes it too early',
  isolatedElsewhere: 'it is isolated and not open; no call comes through until it is reset',
  prefixesMeet: 'it begins with another prefix, and both store idempotency keys as published: they may meet in one row',
  tasksMeet: 'it is not the only prefix that stores tasks as published: they may meet in one row',
} as const
