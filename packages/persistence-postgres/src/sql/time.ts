/**
 * The time is the last parameter of a clocked statement, as the text of an array of two: when this process sent it, which
 * comes back as `ran_at`, and what to take for the current time. In production the second is NULL and the server's clock
 * counts, read again wherever it is named: a statement may have waited for a row since it began.
 */
export function bindTime(sent: number | undefined, now: number | undefined): string {
  return `{${sent ?? 'NULL'},${now ?? 'NULL'}}`
}

/** Epoch ms now, in SQL. @param at The number of the time's parameter. */
export function nowAt(at: number): string {
  return `coalesce(($${at}::text::float8[])[2], floor(extract(epoch FROM clock_timestamp()) * 1000)::float8)`
}

/** The time at which the statement was sent, in SQL. */
export function ranAt(at: number): string {
  return `($${at}::text::float8[])[1] AS ran_at`
}

/** {@link nowAt}, read once: an index can be searched by it, which it cannot by what may change from row to row. */
export function onceAt(at: number): string {
  return `(SELECT ${nowAt(at)})`
}
