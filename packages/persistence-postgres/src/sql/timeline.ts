/** SQL for the number of the server's timeline. Each promotion begins a new timeline. A server in recovery does not report it. */
export const TIMELINE = "(SELECT ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::bigint)"

/**
 * SQL for the number that the server adds to its counter to get a fencing token or the generation of a claim. So those of a
 * promoted standby are greater than all earlier ones, even if the standby lacks the last commits. A statement with many grants
 * reads it once.
 */
export const TOKEN_BASE: string = `${TIMELINE} * 4294967296`
