/**
 * Returns SQL that deletes at most `?1` expired rows of `table`, those that expired first, and returns one row for each.
 *
 * @param now SQL of the current time, derived from `?2`.
 */
export function deleteExpired(table: string, now = '?2'): string {
  return `DELETE FROM ${table} WHERE key IN (
  SELECT key FROM ${table} WHERE expires_at <= ${now} ORDER BY expires_at LIMIT ?1
) RETURNING 1`
}
