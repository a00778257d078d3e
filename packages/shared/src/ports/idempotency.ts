/** A stored result. `expiresAt` is epoch ms, absent when it never expires. */
export interface IdempotencyEntry<T> {
  value: T
  expiresAt?: number
}

/** Results by idempotency key. The scope stores the whole `[error, value]` tuple as `value`. */
export interface IdempotencyProvider {
  /** `null` when absent or expired. */
  get<T = unknown>(key: string): Promise<IdempotencyEntry<T> | null>
  /** @param ttl Time to live in ms; absent means for ever. */
  set<T>(key: string, value: T, ttl?: number): Promise<void>
  delete(key: string): Promise<void>
}
