import type { Row } from '@go-go-scope/persistence-core/dialect'
import { type Column, rowOf } from './text-rows.js'
import { typeParser } from './type-parser.js'

type RawColumns = readonly { readonly name: string; readonly type: number }[]

/** What `.raw()` gives: the bytes of each value, which no parser of the app has seen. */
export interface RawRows extends Iterable<readonly (Buffer | null)[]> {
  /** Without columns where a statement gives no rows. */
  readonly statement?: { readonly columns?: RawColumns | null } | null
}

/** What an `sql` does to rows by its option `transform`, for example `postgres.camel`. */
export interface Transforms {
  readonly column?: { readonly from?: ((name: string) => string) | undefined }
  readonly row?: { readonly from?: unknown }
}

// Each column of a statement of ours is named in its text.
const NAME = /[a-z_]\w*/gi

/** Makes rows of ours of what an `sql` gives, whatever the app has taught it. */
export class RowReader {
  readonly #transformed: ((name: string) => string) | undefined
  /** A statement that is kept prepared gives the same object each time. */
  readonly #columns = new WeakMap<RawColumns, readonly Column[]>()

  constructor(transforms: Transforms | undefined) {
    this.#transformed = transforms?.column?.from
  }

  rowsOf(sql: string, rows: RawRows): Row[] {
    const columns = rows.statement?.columns
    if (!columns) return []
    const known = this.#columns.get(columns) ?? this.#columnsOf(sql, columns)
    this.#columns.set(columns, known)
    const textOf = (bytes: Buffer | null): string | null => (bytes === null ? null : bytes.toString())
    return Array.from(rows, (fields) => rowOf(known, fields.map(textOf)))
  }

  #columnsOf(sql: string, columns: RawColumns): Column[] {
    const transformed = this.#transformed
    const names = new Map(transformed && (sql.match(NAME) ?? []).map((name) => [transformed(name), name]))
    return columns.map(({ name, type }) => ({ name: names.get(name) ?? name, parse: typeParser(type) }))
  }
}
