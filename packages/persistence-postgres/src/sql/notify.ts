import { quotedText } from './quoted.js'

/** Returns the text of a notification about one key. @param about `circuit` or `claim`. */
export function notificationText(about: string, key: string): string {
  return `${about} ${key}`
}

/**
 * Returns an SQL column for `RETURNING` that notifies the listeners on `channel` if the condition holds. A commit with a
 * notification takes a lock of the whole server, so the condition covers only changes that somebody waits for. Nothing is sent
 * while the server's notification queue is half full, because a full queue would fail the commit. Waiters also poll.
 */
export function notifyColumn(channel: string, about: string, key: string, condition: string): string {
  return `CASE WHEN ${condition} AND pg_notification_queue_usage() < 0.5::float8
  THEN pg_notify(${quotedText(channel)}, '${notificationText(about, '')}' || ${key})::text END AS notified`
}
