import { PersistenceError } from '@go-go-scope/persistence-core/dialect'
import type { Cell, TableKind } from './copied-tables.js'

/** A table that is copied. */
export interface StoreTable {
  readonly kind: TableKind
  /** The name of the kind, or the app's name of a cache table. */
  readonly name: string
}

/** The end of a page: a key, or the number of a row. */
export type Position = string | number

export interface Page {
  readonly rows: readonly Cell[][]
  readonly last: Position
}

/** Marks a store as moved, or as being filled. */
export interface Mark {
  /** The id of the copy. */
  readonly id: string
  /** The other store, for people. */
  readonly store: string
}

// With large values a page has few rows. How many fit is known after the first page.
export const FIRST_PAGE_ROWS = 100
export const PAGE_ROWS = 10_000
export const PAGE_BYTES: number = 4 * 1024 * 1024

/** The store that a copy reads. */
export interface CopySource {
  /** For people: without a password. */
  readonly name: string
  tables(): Promise<StoreTable[]>
  /** Returns the number of rows. */
  count(table: StoreTable): Promise<number>
  /**
   * Yields the pages of a table, each with at most {@link PAGE_ROWS} rows and about {@link PAGE_BYTES}, but at least one row.
   *
   * @param after The end of the previous page. Default: the start of the table.
   */
  pages(table: StoreTable, after?: Position): AsyncGenerator<Page>
}

/** Returns a name for people that distinguishes the app's cache tables from ours. */
export function labelOf({ kind, name }: StoreTable): string {
  return kind === 'cache' && name !== kind ? `cache ${name}` : name
}

export function failure(
  code: 'BUSY' | 'CONSTRAINT' | 'DIVERGED' | 'FILE_EXISTS' | 'INVALID_ARGUMENT' | 'MOVED',
  problem: string,
): PersistenceError {
  return new PersistenceError(code, 'copy', `copy: ${problem}`)
}
