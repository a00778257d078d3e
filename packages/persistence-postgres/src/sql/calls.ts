import { LOCK_TIMEOUT } from './lock-timeout.js'

/**
 * The calls of a batch as rows, in SQL: `i` is the position of a call from 0, and each parameter a column.
 *
 * @param columns For each parameter its name, with its type where that is not text. A call of one parameter is that itself.
 */
export function callsOf(...columns: readonly string[]): string {
  if (columns.length === 1) return rowsOf('json_array_elements_text($1::text::json)', columns, () => 'call')
  // `jsonb` reads a call once, where each `->>` of `json` reads its text again.
  return rowsOf('jsonb_array_elements($1::text::jsonb)', columns, memberAt)
}

/** As {@link callsOf}, for the items of one call, of which there may be any amount: `jsonb` takes 256 MiB, a queue 4. */
export function itemsOf(...columns: readonly string[]): string {
  return rowsOf('json_array_elements($1::text::json)', columns, memberAt)
}

const memberAt = (at: number): string => `call ->> ${at}`

function rowsOf(elements: string, columns: readonly string[], parameter: (at: number) => string): string {
  const read = columns.map((column, at) => {
    const [name, type] = column.split(' ')
    return `${type === undefined ? parameter(at) : `(${parameter(at)})::${type}`} AS ${name}`
  })
  return `(SELECT (n - 1)::int AS i, ${read.join(', ')} FROM ${elements} WITH ORDINALITY AS element(call, n), ${LOCK_TIMEOUT}) AS calls`
}

/** The texts of a JSON array, as an array in SQL: an index is searched by it. */
export const TEXTS = 'ARRAY(SELECT json_array_elements_text($1::text::json))'

/**
 * SQL that deletes the rows of `table` whose `key` is among {@link TEXTS}. They are taken in one order by every process:
 * two that take them in different orders would wait for one another.
 */
export function deleteAll(table: string, condition = ''): string {
  return `WITH doomed AS MATERIALIZED (
  SELECT key FROM ${table} AS entry, ${LOCK_TIMEOUT}
  WHERE key = ANY (${TEXTS})${condition} ORDER BY key FOR UPDATE OF entry
)
DELETE FROM ${table} WHERE key = ANY (ARRAY(SELECT key FROM doomed))`
}

/**
 * SQL that deletes at most `$1` rows of `table` that have expired, and gives one row for each. It passes over rows that
 * another process holds: a sweep waits for nobody.
 *
 * @param expired The condition of an expired row.
 */
export function deleteExpired(table: string, expired: string, order = 'expires_at'): string {
  return `DELETE FROM ${table} WHERE key = ANY (ARRAY(
  SELECT key FROM ${table} WHERE ${expired} ORDER BY ${order} LIMIT $1::int FOR UPDATE SKIP LOCKED
)) RETURNING 1 AS removed`
}
