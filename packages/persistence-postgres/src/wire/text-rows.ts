import type { Row } from '@go-go-scope/persistence-core/dialect'
import { typeParser } from './type-parser.js'

/** A column whose values the server sends as text. */
export interface Column {
  readonly name: string
  readonly parse: (text: string) => unknown
}

/** Returns the columns of a `RowDescription`. */
export function columnsOf(fields: readonly { readonly name: string; readonly dataTypeID: number }[]): Column[] {
  return fields.map(({ name, dataTypeID }) => ({ name, parse: typeParser(dataTypeID) }))
}

/** Returns the row of a `DataRow`. */
export function rowOf(columns: readonly Column[], fields: readonly (string | null)[]): Row {
  const row: Record<string, unknown> = {}
  // Not `entries()`, which allocates an array per column.
  for (let at = 0; at < columns.length; at++) {
    const { name, parse } = columns[at] as Column
    const value = fields[at] as string | null
    row[name] = value === null ? null : parse(value)
  }
  return row as Row
}
