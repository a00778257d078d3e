import { read, type Statement } from '../queue/statement.js'
import type { PageStatement, ValuePageStatement } from '../session/row-walk.js'

/** The list that something stands in which is wrong; `schema` where it stands in none. */
export type Part = 'cache' | 'locks' | 'claims' | 'results' | 'circuits' | 'tasks' | 'prefixes' | 'schema'

/** What the statements of the stores rely on, row by row of a table. */
export interface RowInvariants {
  readonly part: Part
  /** Gives every row, so that none takes long; with each column of {@link broken}, which is 1 where that is so. */
  readonly statement: PageStatement
  /** What is wrong where the column of that name is 1, in words. */
  readonly broken: Readonly<Record<string, string>>
}

/** Something that they rely on beyond single rows. */
export interface Invariant {
  readonly part: Part
  /** No parameters. Gives a row for each time that it does not hold, with the `name` that it is about, or NULL. */
  readonly statement: Statement<'many'>
  /** What is wrong where there is a row, in words. */
  readonly broken: string
}

/** What has to be true in a database whatever was done with it. Each is judged by one snapshot, also while others write. */
export interface InvariantSql {
  readonly rows: readonly RowInvariants[]
  readonly database: readonly Invariant[]
  /** Every checkpoint by its id, with the columns of `InspectSql.tasks` but `checkpoints`; its data is the value. */
  readonly checkpoints: ValuePageStatement
}

/** What is wrong with a row where a condition in SQL is true, in words; by the name of the column that tells it. */
export type Rules = Readonly<Record<string, readonly [condition: string, words: string]>>

/** @param page Makes the statement that gives every row with these columns, by the conditions that they are to have. */
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

/** @param sql Gives a row with the `name` for each time that it does not hold. */
export function invariant(part: Part, broken: string, sql: string): Invariant {
  return { part, broken, statement: read('verify.database', 'many', sql, { scans: true }) }
}

/** What can be wrong in every database, in words. */
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
