import type { Row } from '@go-go-scope/persistence-core/dialect'
import { type Column, rowOf } from './text-rows.js'
import { namesIn, type Transforms } from './transforms.js'
import { typeParser } from './type-parser.js'

type RawColumns = readonly { readonly name: string; readonly type: number }[]

/** The result of `.raw()`: the bytes of each value, untouched by the app's parsers. */
export interface RawRows extends Iterable<readonly (Buffer | null)[]> {
  /** Has no columns if the statement returns no rows. */
  readonly statement?: { readonly columns?: RawColumns | null } | null
}

/** Makes rows from the results of an `sql`, whatever parsers and transforms the app has set. */
export class RowReader {
  readonly #transforms: Transforms | undefined
  /** A prepared statement gives the same object each time. */
  readonly #columns = new WeakMap<RawColumns, readonly Column[]>()

  constructor(transforms: Transforms | undefined) {
    this.#transforms = transforms
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
    const names = namesIn(sql, this.#transforms)
    return columns.map(({ name, type }) => ({ name: names.get(name) ?? name, parse: typeParser(type) }))
  }
}
