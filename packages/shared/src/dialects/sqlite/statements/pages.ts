// Shared by the statements that read a table page by page; see session/row-walk.ts. The position is passed as bytes: a text
// column may contain bytes that are not valid text, which an engine would return changed, and the walk would not get past them.

/** The rows from `?1` and `?2`, whichever is later, up to but excluding `?3`; `?4` is the number of rows. */
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
 * Selects numeric columns of a row that may contain anything. Integers beyond 2^53 are returned as text, because some engines
 * refuse to read them and with them all rows of a page.
 */
export function anyNumbers(...columns: string[]): string {
  return columns.map((column) => anyNumber(column, column.slice(column.indexOf('.') + 1))).join(', ')
}

/** Same for a computed column. */
export function anyNumber(expression: string, name: string): string {
  const greatest = Number.MAX_SAFE_INTEGER
  return `CASE WHEN typeof(${expression}) = 'integer' AND ${expression} NOT BETWEEN -${greatest} AND ${greatest}
  THEN CAST(${expression} AS TEXT) ELSE ${expression} END AS ${name}`
}

/** The length of a value in bytes, and the value if it has at most `?5` bytes. Without values, some engines read it only once. */
export function ofValue(column: string): string {
  const bytes = `length(CAST(${column} AS BLOB))`
  return `${bytes} AS bytes, CASE WHEN ?5 >= 0 AND ${bytes} <= ?5 THEN ${column} END AS value`
}
