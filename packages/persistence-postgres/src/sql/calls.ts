import { LOCK_TIMEOUT } from './lock-timeout.js'

/**
 * Returns SQL that turns the calls of a batch into rows. `i` is the position of a call, from 0; each parameter is a column.
 *
 * @param columns The name of each parameter, with its type unless that is text. A call with one parameter is the bare value.
 */
export function callsOf(...columns: readonly string[]): string {
  if (columns.length === 1) return rowsOf('json_array_elements_text($1::text::json)', columns, () => 'call')
  // `jsonb` parses a call once; with `json`, each `->>` parses its text again.
  return rowsOf('jsonb_array_elements($1::text::jsonb)', columns, memberAt)
}

/**
 * As {@link callsOf}, for the items of one call. They use `json` because their size is unlimited: `jsonb` takes at most
 * 256 MiB. A batch of calls has at most 4 MiB.
 */
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

/** SQL for the texts of a JSON array as an SQL array, which an index can be searched by. */
export const TEXTS = 'ARRAY(SELECT json_array_elements_text($1::text::json))'

/**
 * Returns SQL that deletes the rows of `table` whose `key` is among {@link TEXTS}. All processes lock rows in the same order,
 * because different orders would deadlock.
 */
export function deleteAll(table: string, condition = ''): string {
  return `WITH doomed AS MATERIALIZED (
  SELECT key FROM ${table} AS entry, ${LOCK_TIMEOUT}
  WHERE key = ANY (${TEXTS})${condition} ORDER BY key FOR UPDATE OF entry
)
DELETE FROM ${table} WHERE key = ANY (ARRAY(SELECT key FROM doomed))`
}

/**
 * Returns SQL that deletes at most `$1` expired rows of `table` and returns one row for each. It skips rows that another
 * process has locked, so a sweep never waits.
 *
 * @param expired The condition of an expired row.
 */
export function deleteExpired(table: string, expired: string, order = 'expires_at'): string {
  return `DELETE FROM ${table} WHERE key = ANY (ARRAY(
  SELECT key FROM ${table} WHERE ${expired} ORDER BY ${order} LIMIT $1::int FOR UPDATE SKIP LOCKED
)) RETURNING 1 AS removed`
}
