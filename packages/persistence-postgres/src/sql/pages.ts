// What the statements that read a table page by page share; see `PageStatement` of the core.

// No name is as great: an entry of an index has at most 2,704 bytes.
const AFTER_ALL = 'repeat(chr(1114111), 700) COLLATE "C"'

/** The rows of what `$1` and `$2` bound. */
export function inRange(name: string): string {
  return `${name} >= $1::text AND ${name} < coalesce($2::text, ${AFTER_ALL})`
}

/** Where the rows after this one begin. */
export function nextAfter(name: string): string {
  return `${name} || chr(1) AS next`
}

/** The bytes of a value, and the value where it has at most `$4` of them. */
export function ofValue(column: string): string {
  return `octet_length(${column}) AS bytes, CASE WHEN octet_length(${column}) <= $4::float8 THEN ${column} END AS value`
}
