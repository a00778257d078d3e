/** A stored result. `expiresAt` is epoch ms, absent when it never expires. */
export interface IdempotencyEntry<T> {
  value: T
  expiresAt?: number
}

/** Results by idempotency key. The scope stores the whole `[error, value]` tuple as `value`. */
export interface IdempotencyProvider {
  /**
   * `null` when absent or expired. A store whose keys can be claimed rejects with `RESULT_NOT_STORED` when the work of the
   * key was done and its result could not be stored.
   */
  get<T = unknown>(key: string): Promise<IdempotencyEntry<T> | null>
  /** @param ttl Time to live in ms; absent means for ever. */
  set<T>(key: string, value: T, ttl?: number): Promise<void>
  delete(key: string): Promise<void>
}
