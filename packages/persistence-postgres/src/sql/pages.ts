// What the statements that read a table page by page share; see `PageStatement` of the core.

// No name is as great: an entry of an index has at most 2,704 bytes.
const AFTER_ALL = 'repeat(chr(1114111), 700) COLLATE "C"'

/** The rows from `$1` and `$2` on, whichever is later, to before `$3`; `$4` is how many. */
export function inRange(name: string): string {
  return `${name} >= greatest($1::text COLLATE "C", $2::text COLLATE "C") AND ${name} < coalesce($3::text, ${AFTER_ALL})`
}

/** The name of a row, and where the rows after it begin. */
export function nameAndNext(name: string): string {
  return `${name} AS name, ${name} || chr(1) AS next`
}

/** The bytes of a value, and the value where it has at most `$5` of them. */
export function ofValue(column: string): string {
  return `octet_length(${column}) AS bytes, CASE WHEN octet_length(${column}) <= $5::float8 THEN ${column} END AS value`
}
