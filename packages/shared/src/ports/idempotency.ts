/** A stored result. */
export interface IdempotencyEntry<T> {
  value: T
  /** Epoch ms, absent when it never expires. */
  expiresAt?: number
}

/** Results by idempotency key. The scope stores the whole `[error, value]` tuple as `value`. */
export interface IdempotencyProvider {
  /**
   * Returns the result of `key`, or `null` when it is absent or expired.
   *
   * @throws (as a rejection) `RESULT_NOT_STORED`, from a store with claims, when the work of the key was done and its result
   *   could not be stored.
   */
  get<T = unknown>(key: string): Promise<IdempotencyEntry<T> | null>
  /**
   * Stores the result of `key`.
   *
   * @param ttl Time to live in ms. Default: no expiry.
   * @throws (as a rejection) from a store in a database: `VALUE_NOT_SERIALIZABLE`, `VALUE_TOO_LARGE`, `INVALID_KEY`,
   *   `INVALID_TTL`.
   */
  set<T>(key: string, value: T, ttl?: number): Promise<void>
  /** Removes what is stored for `key`. No error when there is nothing. */
  delete(key: string): Promise<void>
}
