// Shared by the statements that read a table page by page; see `PageStatement` in the core.

// Sorts after every name, because an index entry has at most 2,704 bytes.
const AFTER_ALL = 'repeat(chr(1114111), 700) COLLATE "C"'

/** A condition: names from the later of `$1` and `$2` (inclusive) to `$3` (exclusive). `$4` is the limit. */
export function inRange(name: string): string {
  return `${name} >= greatest($1::text COLLATE "C", $2::text COLLATE "C") AND ${name} < coalesce($3::text, ${AFTER_ALL})`
}

/** Columns: the name of a row, and the first possible name after it. */
export function nameAndNext(name: string): string {
  return `${name} AS name, ${name} || chr(1) AS next`
}

/** Columns: the size of a value in bytes, and the value if it has at most `$5` bytes. */
export function ofValue(column: string): string {
  return `octet_length(${column}) AS bytes, CASE WHEN octet_length(${column})::float8 <= $5::float8 THEN ${column} END AS value`
}
