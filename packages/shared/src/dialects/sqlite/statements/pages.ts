// What the statements that read a table page by page share; see session/row-walk.ts. The place to go on from is bytes: a
// column of text may hold bytes that are no text, which an engine would give back as others, and the walk would not get
// past them.

/** The rows from `?1` and `?2` on, whichever is later, to before `?3`; `?4` is how many. */
export function inRange(name = 'key'): string {
  return `${name} >= max(CAST(?1 AS TEXT), ?2) AND ${isBeforeEnd(name)}`
}

/** No text is greater than a blob. */
export function isBeforeEnd(name: string): string {
  return `${name} < coalesce(?3, x'')`
}

/** The name of a row, and where the rows after it begin. */
export function nameAndNext(name = 'key'): string {
  return `${name} AS name, CAST(${name} || char(0) AS BLOB) AS next`
}

/**
 * Numeric columns of a row that is to be listed whatever it holds, as text where they are integers beyond 2^53: some engines
 * refuse to read those, and with them all rows of a page.
 */
export function anyNumbers(...columns: string[]): string {
  return columns.map((column) => anyNumber(column, column.slice(column.indexOf('.') + 1))).join(', ')
}

/** The same for one that is computed. */
export function anyNumber(expression: string, name: string): string {
  const greatest = Number.MAX_SAFE_INTEGER
  return `CASE WHEN typeof(${expression}) = 'integer' AND ${expression} NOT BETWEEN -${greatest} AND ${greatest}
  THEN CAST(${expression} AS TEXT) ELSE ${expression} END AS ${name}`
}

/** The bytes of a value, and the value where it has at most `?5` of them. */
export function ofValue(column: string): string {
  const bytes = `length(CAST(${column} AS BLOB))`
  return `${bytes} AS bytes, CASE WHEN ${bytes} <= ?5 THEN ${column} END AS value`
}
