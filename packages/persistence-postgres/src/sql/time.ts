/**
 * The time is the last parameter of a clocked statement. In production it is NULL and the server's clock counts, read again
 * wherever it is named: a statement may have waited for a row since it began. Where a lease begins, it is the text of an
 * array: when this process sent the statement, which comes back as `ran_at`, and the time, where it is given.
 */
export function bindTime(sent: number | undefined, now: number | undefined): number | string | null {
  if (sent === undefined) return now ?? null
  // Without a NULL, which a role with `array_nulls` off reads as a text.
  return now === undefined ? `{${sent}}` : `{${sent},${now}}`
}

// Not by `extract`, whose numeric took a sixth of a grant.
const SERVER_NOW = "floor(date_part('epoch', clock_timestamp()) * 1000)"

/** Epoch ms now, in SQL. @param at The number of the time's parameter. */
export function nowAt(at: number): string {
  return `coalesce($${at}::float8, ${SERVER_NOW})`
}

/** {@link nowAt} in a statement that is clocked for leases. */
export function leaseNowAt(at: number): string {
  return `coalesce(($${at}::text::float8[])[2], ${SERVER_NOW})`
}

/** The same in a statement of many rows: what was bound is read once, where each reading of an array took a microsecond. */
export function leaseNowOfMany(at: number): string {
  return `coalesce(${once(`($${at}::text::float8[])[2]`)}, ${SERVER_NOW})`
}

/** The time at which a statement that is clocked for leases was sent, in SQL. */
export function ranAt(at: number): string {
  return `($${at}::text::float8[])[1] AS ran_at`
}

/** {@link ranAt} in a statement of many rows. */
export function ranAtOfMany(at: number): string {
  return `${once(`($${at}::text::float8[])[1]`)} AS ran_at`
}

/** A time, read once: an index can be searched by it, which it cannot by what may change from row to row. */
export function once(now: string): string {
  return `(SELECT ${now})`
}
