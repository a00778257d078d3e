import type { Statement } from '../queue/statement.js'
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
