/**
 * SQL for one row with one column. A statement that reads it waits at most 50 ms for a row that another transaction has locked;
 * then the queue retries it later. The setting lasts for this statement only, because a pooler may give the session to others.
 */
export const LOCK_TIMEOUT = "(SELECT set_config('lock_timeout', '50ms', true)) AS lock_timeout"
