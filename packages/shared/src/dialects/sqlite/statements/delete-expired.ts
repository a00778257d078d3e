/**
 * SQL that deletes at most `?1` rows of `table` that have expired, those that expired first, and gives one row for each.
 *
 * @param now The time in SQL, made of `?2`.
 */
export function deleteExpired(table: string, now = '?2'): string {
  // The outer condition repeats the expiry: a row refreshed since must stay.
  return `DELETE FROM ${table} WHERE key IN (
  SELECT key FROM ${table} WHERE expires_at <= ${now} ORDER BY expires_at LIMIT ?1
) AND expires_at <= ${now} RETURNING 1`
}
