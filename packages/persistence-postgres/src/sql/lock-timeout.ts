/**
 * A row that has one column, in SQL: a statement that reads it gives up on a row after 50 ms that another transaction
 * holds, and the queue waits. It holds for that statement alone: a pooler may give the session to others.
 */
export const LOCK_TIMEOUT = "(SELECT set_config('lock_timeout', '50ms', true)) AS lock_timeout"
