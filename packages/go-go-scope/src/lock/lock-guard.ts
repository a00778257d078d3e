import type { LockHandle } from '@go-go-scope/persistence-core/ports'
import type { LockType } from './lock-options.js'
import type { HeldLock } from './lock-request.js'

/** A lock that is held until it is released, or lost: then {@link LockGuard.signal} aborts. */
export class LockGuard {
  readonly type: LockType
  readonly #held: HeldLock
  readonly #onRelease: (guard: LockGuard) => void
  #released = false

  /** @internal */
  constructor(type: LockType, held: HeldLock, onRelease: (guard: LockGuard) => void) {
    this.type = type
    this.#held = held
    this.#onRelease = onRelease
  }

  /** Aborts when the lock is lost: it expired, another owner has it, or its scope ended. `release` does not abort it. */
  get signal(): AbortSignal {
    return this.#held.lost.signal
  }

  /** The provider's handle, with its fencing token if it has one. `undefined` in memory and for shared reads. */
  get handle(): LockHandle | undefined {
    return this.#held.handle
  }

  get isReleased(): boolean {
    return this.#released
  }

  /** Releases the lock. @throws (as a rejection) `<type> lock already released` on the second call, and the provider's error. */
  async release(): Promise<void> {
    if (this.#released) throw new Error(`${this.type} lock already released`)
    await this.#release()
  }

  /** Takes the lock away from its holder. @internal */
  async revoke(reason: unknown): Promise<void> {
    this.#held.lost.abort(reason)
    if (!this.#released) await this.#release()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#released) await this.#release()
  }

  /** Releases a lock in memory. @throws for a provider's lock, which needs `await using` or `release()`. */
  [Symbol.dispose](): void {
    if (this.#released) return
    if (!this.#held.synchronous) {
      throw new Error(`A ${this.type} lock held through a provider is released with 'await using' or release()`)
    }
    void this.#release()
  }

  #release(): void | Promise<void> {
    this.#released = true
    this.#onRelease(this)
    return this.#held.release()
  }
}
