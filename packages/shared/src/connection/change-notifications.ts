/** Notifications from a database about changes that other connections have committed. */
export interface ChangeNotifications {
  /** Whether notifications arrive. While they do not, callers that wait for a change must poll. */
  readonly active: boolean
  /**
   * Calls `listener` after each change of a key, and when a notification may have been lost.
   *
   * @param key The stored key.
   * @returns a function that unsubscribes; may be called again.
   */
  subscribe(topic: NotificationTopic, key: string, listener: () => void): () => void
  /** Settles soon after the first {@link subscribe}, once {@link active} is known. Never rejects. */
  settled(): Promise<void>
}

/** `circuit`: the state of a circuit has changed. `claim`: a claim has ended. */
export type NotificationTopic = 'circuit' | 'claim'

/** ms between two polls while notifications arrive, because one may be lost. */
export const POLL_WITH_NOTIFICATIONS_MS = 1_000
