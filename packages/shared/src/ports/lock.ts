/** A lock acquired by {@link LockProvider.acquire}. When the lock was lost, `extend` and `isValid` answer `false`. */
export interface LockHandle {
  /** Releases the lock if this owner still holds it. May be repeated. */
  release(): Promise<void>
  /** Sets the expiry to now + `ttl` ms. `false` when the lock expired, was released or belongs to another owner. */
  extend(ttl: number): Promise<boolean>
  /** `true` while this owner holds the lock and it has not expired. */
  isValid(): Promise<boolean>
}

/** Named locks with a time to live. */
export interface LockProvider {
  /**
   * Tries once, never waits.
   *
   * @param ttl Time to live in ms.
   * @param owner Made up when absent. The same owner may acquire again: holds are counted, and the lock is free
   *   when the last hold is released.
   * @returns `null` while another holder's lock has not expired.
   */
  acquire(key: string, ttl: number, owner?: string): Promise<LockHandle | null>
  /** Sets the expiry to now + `ttl` ms if `owner` still holds the lock; `false` otherwise. */
  extend(key: string, ttl: number, owner: string): Promise<boolean>
  /** Ends the hold of any owner. No error when the lock is free. */
  forceRelease(key: string): Promise<void>
}
