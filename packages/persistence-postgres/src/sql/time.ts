/**
 * Returns the time parameter, the last one of a clocked statement. In production it is NULL and the server's clock counts. SQL
 * reads the clock at each use, because the statement may have waited for a row since it began. For a statement that begins a
 * lease the parameter is an array as text: when this process sent the statement, which comes back as `ran_at`, and the time if
 * one is given.
 */
export function bindTime(sent: number | undefined, now: number | undefined): number | string | null {
  if (sent === undefined) return now ?? null
  // No NULL in the array: a role with `array_nulls` off reads it as text.
  return now === undefined ? `{${sent}}` : `{${sent},${now}}`
}

// Not `extract`: its numeric result took a sixth of the time of a grant.
const SERVER_NOW = "floor(date_part('epoch', clock_timestamp()) * 1000::float8)"

/** Returns SQL for the current time in epoch ms. @param at The number of the time parameter. */
export function nowAt(at: number): string {
  return `coalesce($${at}::float8, ${SERVER_NOW})`
}

/** {@link nowAt} for a statement that begins leases. */
export function leaseNowAt(at: number): string {
  return `coalesce(($${at}::text::float8[])[2], ${SERVER_NOW})`
}

/** {@link leaseNowAt} for a statement with many rows. It reads the array once, because each read took a microsecond. */
export function leaseNowOfMany(at: number): string {
  return `coalesce(${once(`($${at}::text::float8[])[2]`)}, ${SERVER_NOW})`
}

/** Returns an SQL column with the time at which a statement that begins leases was sent. */
export function ranAt(at: number): string {
  return `($${at}::text::float8[])[1] AS ran_at`
}

/** {@link ranAt} for a statement with many rows. */
export function ranAtOfMany(at: number): string {
  return `${once(`($${at}::text::float8[])[1]`)} AS ran_at`
}

/** Returns SQL that reads a time once per statement. An index cannot be searched by an expression that may vary per row. */
export function once(now: string): string {
  return `(SELECT ${now})`
}
