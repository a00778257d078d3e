import type { Row, SqlValue } from '../../driver/driver.js'
import { MalformedMessage } from './reader.js'
import { INDEX } from './row-shapes.js'

/**
 * Returns the row of each of the calls that were answered as one; see `packed` of a statement's batch.
 *
 * @param places JSON of the positions of the calls that have a row.
 * @param columns For each column, JSON of its values in those rows.
 * @throws MalformedMessage
 */
export function unpackedRows(
  names: readonly string[],
  places: string,
  columns: readonly string[],
  calls: number,
): (Row | undefined)[] {
  const at = listIn(places)
  const values = columns.map(listIn)
  if (values.some(({ length }) => length !== at.length)) throw new MalformedMessage('rows are malformed')
  const rows: (Row | undefined)[] = new Array(calls).fill(undefined)
  for (let number = 0; number < at.length; number++) {
    const place = at[number]
    if (typeof place !== 'number' || !(place in rows)) throw new MalformedMessage('rows are malformed')
    const row: Row = {}
    for (let column = 0; column < names.length; column++) {
      row[names[column] as string] = knownValue((values[column] as unknown[])[number])
    }
    rows[place] = row
  }
  return rows
}

/** As {@link unpackedRows}, from a row that was not sent. */
export function unpackedRow({ [INDEX]: places, ...columns }: Row, calls: number): (Row | undefined)[] {
  return unpackedRows(Object.keys(columns), String(places), Object.values(columns).map(String), calls)
}

/** Whether the row is a packed answer to so many calls, as rows of our own statements are. */
export function isPacked(row: Row, calls: number): boolean {
  if (typeof row[INDEX] !== 'string' || Object.values(row).some((column) => typeof column !== 'string')) return false
  try {
    unpackedRow(row, calls)
    return true
  } catch {
    return false
  }
}

function listIn(text: string): unknown[] {
  let list: unknown
  try {
    list = JSON.parse(text)
  } catch {
    // Refused below.
  }
  if (Array.isArray(list)) return list
  throw new MalformedMessage('rows are malformed')
}

function knownValue(value: unknown): SqlValue {
  if (typeof value === 'string' || typeof value === 'number' || value === null) return value
  throw new MalformedMessage('rows are malformed')
}
