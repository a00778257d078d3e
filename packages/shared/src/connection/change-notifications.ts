/** Notifications of a database about changes that other connections have committed. */
export interface ChangeNotifications {
  /** Whether notifications arrive. While they do not, callers that wait for a change have to poll. */
  readonly active: boolean
  /**
   * Calls `listener` after each change of a key, and where the notification of one may have been lost.
   *
   * @param key As it is stored.
   * @returns ends the subscription; may be repeated.
   */
  subscribe(topic: NotificationTopic, key: string, listener: () => void): () => void
  /** Settles soon after the first {@link subscribe}, when {@link active} is known. Never rejects. */
  settled(): Promise<void>
}

/** `circuit`: its state has changed. `claim`: it has ended. */
export type NotificationTopic = 'circuit' | 'claim'

/** ms between two looks while notifications arrive, because one may be lost. */
export const POLL_WITH_NOTIFICATIONS_MS = 1_000
