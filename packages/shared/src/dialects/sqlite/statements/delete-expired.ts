/**
 * SQL that deletes at most `?1` rows of `table` that have expired, those that expired first, and gives one row for each.
 *
 * @param now The time in SQL, made of `?2`.
 */
export function deleteExpired(table: string, now = '?2'): string {
  return `DELETE FROM ${table} WHERE key IN (
  SELECT key FROM ${table} WHERE expires_at <= ${now} ORDER BY expires_at LIMIT ?1
) RETURNING 1`
}
