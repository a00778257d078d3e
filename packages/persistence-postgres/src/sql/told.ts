import { quotedText } from './quoted.js'

/** What is told of one key, as its listeners are told it. @param about `circuit` or `claim`. */
export function toldText(about: string, key: string): string {
  return `${about} ${key}`
}

/**
 * A column of `RETURNING`, in SQL: tells those who listen on `channel`, where the condition holds. Commits that tell take one
 * lock of the whole server, so only what somebody waits for is told; and nothing while the server's queue of news fills,
 * because a full one would fail the commit: who waits looks now and then anyway.
 */
export function telling(channel: string, about: string, key: string, condition: string): string {
  return `CASE WHEN ${condition} AND pg_notification_queue_usage() < 0.5
  THEN pg_notify(${quotedText(channel)}, '${toldText(about, '')}' || ${key})::text END AS told`
}
