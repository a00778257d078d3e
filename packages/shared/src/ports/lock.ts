/** A lock acquired by {@link LockProvider.acquire}. Once the lock is lost, `extend` and `isValid` return `false`. */
export interface LockHandle {
  /** Releases the lock if this owner still holds it. May be called again. */
  release(): Promise<void>
  /** Sets the expiry to now + `ttl` ms. Returns `false` when the lock expired, was released or belongs to another owner. */
  extend(ttl: number): Promise<boolean>
  /** Returns `true` while this owner holds the lock and it has not expired. */
  isValid(): Promise<boolean>
}

/** Named locks with a time to live. */
export interface LockProvider {
  /**
   * Tries once and never waits.
   *
   * @param ttl Time to live in ms.
   * @param owner Default: a generated unique owner. The same owner may acquire again: its holds are counted, and the lock is free
   *   when the last hold is released.
   * @returns `null` while another owner holds an unexpired lock.
   */
  acquire(key: string, ttl: number, owner?: string): Promise<LockHandle | null>
  /** Sets the expiry to now + `ttl` ms if `owner` still holds the lock; otherwise returns `false`. */
  extend(key: string, ttl: number, owner: string): Promise<boolean>
  /** Releases the lock of any owner, with all holds. No error when the lock is free. */
  forceRelease(key: string): Promise<void>
}
