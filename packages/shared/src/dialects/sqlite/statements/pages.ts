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

/** The bytes of a value, and the value where it has at most `?5` of them. */
export function ofValue(column: string): string {
  const bytes = `length(CAST(${column} AS BLOB))`
  return `${bytes} AS bytes, CASE WHEN ${bytes} <= ?5 THEN ${column} END AS value`
}
