// What the statements that read a table page by page share; see session/row-walk.ts. Names are bytes here: a column of
// text may hold bytes that are no text, which an engine would give back as others, and the walk would not get past them.

/** The rows of what `?1` and `?2` bound. No text is greater than a blob. */
export function inRange(name = 'key'): string {
  return `${name} >= CAST(?1 AS TEXT) AND ${name} < coalesce(?2, x'')`
}

/** Where the rows after this one begin. */
export function nextAfter(name = 'key'): string {
  return `CAST(${name} || char(0) AS BLOB) AS next`
}

/** The bytes of a value, and the value where it has at most `?4` of them. */
export function ofValue(column: string): string {
  const bytes = `length(CAST(${column} AS BLOB))`
  return `${bytes} AS bytes, CASE WHEN ${bytes} <= ?4 THEN ${column} END AS value`
}
