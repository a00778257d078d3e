import { PersistenceError } from '@go-go-scope/persistence-core/dialect'
import type { Cell, TableKind } from './copied-tables.js'

/** A table that is copied. */
export interface StoreTable {
  readonly kind: TableKind
  /** That of the kind, or of a cache that has a name of the app's. */
  readonly name: string
}

/** Where a page ends: a key, or the number of a row. */
export type Position = string | number

export interface Page {
  readonly rows: readonly Cell[][]
  readonly last: Position
}

/** A store that was left, or is being filled. */
export interface Mark {
  /** Of the copy. */
  readonly id: string
  /** The other store, in words. */
  readonly store: string
}

// Of large values no page takes many rows: how many there are room for is known behind the first page.
export const FIRST_PAGE_ROWS = 100
export const PAGE_ROWS = 10_000
export const PAGE_BYTES: number = 4 * 1024 * 1024

/** What a copy reads. */
export interface CopySource {
  /** For people: without a password. */
  readonly name: string
  tables(): Promise<StoreTable[]>
  /** @returns rows. */
  count(table: StoreTable): Promise<number>
  /**
   * The pages of a table, each of at most {@link PAGE_ROWS} rows and about {@link PAGE_BYTES}, but one row at least.
   *
   * @param after Where the page before the first one ended.
   */
  pages(table: StoreTable, after?: Position): AsyncGenerator<Page>
}

/** The name of a table, by which those of the app's names are told from ours. */
export function labelOf({ kind, name }: StoreTable): string {
  return kind === 'cache' && name !== kind ? `cache ${name}` : name
}

export function failure(
  code: 'BUSY' | 'CONSTRAINT' | 'DIVERGED' | 'FILE_EXISTS' | 'INVALID_ARGUMENT' | 'MOVED',
  problem: string,
): PersistenceError {
  return new PersistenceError(code, 'copy', `copy: ${problem}`)
}
