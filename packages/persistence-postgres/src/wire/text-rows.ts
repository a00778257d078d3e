import type { Row } from '@go-go-scope/persistence-core/dialect'
import { typeParser } from './type-parser.js'

/** A column of rows that a server sends as texts. */
export interface Column {
  readonly name: string
  readonly parse: (text: string) => unknown
}

/** The columns that a `RowDescription` tells of. */
export function columnsOf(fields: readonly { readonly name: string; readonly dataTypeID: number }[]): Column[] {
  return fields.map(({ name, dataTypeID }) => ({ name, parse: typeParser(dataTypeID) }))
}

/** The row of a `DataRow`. */
export function rowOf(columns: readonly Column[], fields: readonly (string | null)[]): Row {
  const row: Record<string, unknown> = {}
  // Not by entries(), which makes an array for each column.
  for (let at = 0; at < columns.length; at++) {
    const { name, parse } = columns[at] as Column
    const value = fields[at] as string | null
    row[name] = value === null ? null : parse(value)
  }
  return row as Row
}
