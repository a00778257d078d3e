import { startTimer, type Timer } from '../time/timer.js'
import type { Waits } from '../time/waits.js'
import type { LockGuard } from './lock-guard.js'
import type { LockAcquireOptions, LockType } from './lock-options.js'
import type { HeldLock, LockQueue } from './lock-request.js'

const TIMEOUT_WORD: Record<LockType, string> = { exclusive: 'Lock', read: 'Read lock', write: 'Write lock' }

interface Wanted {
  readonly type: LockType
  readonly options: LockAcquireOptions
  /** Give up instead of waiting. */
  readonly once: boolean
  /** Called when the lock is granted, so that every held lock has a guard. */
  accept(held: HeldLock): LockGuard
}

/** The waiting requests of one Lock object. */
export class PendingRequests {
  readonly #waiting = new Set<(reason: unknown) => void>()
  /** Withdrawn requests that are still releasing what they acquired. */
  readonly #leaving = new Set<Promise<void>>()
  readonly #onSettled: () => void
  readonly #waits: Waits | undefined

  /**
   * @param onSettled Called when a request is over and has released what it acquired.
   * @param waits Counts the requests that wait.
   */
  constructor(onSettled: () => void, waits: Waits | undefined) {
    this.#onSettled = onSettled
    this.#waits = waits
  }

  /** The number of requests that wait, or are still releasing what they acquired. */
  get size(): number {
    return this.#waiting.size + this.#leaving.size
  }

  /** Waits for the lock. Rejects on timeout, on cancellation, and with the provider's error. */
  wait({ type, options, once, accept }: Wanted, enqueue: LockQueue['enqueue']): Promise<LockGuard> {
    const { timeout, priority = 0, pollInterval = 100 } = options
    return new Promise<LockGuard>((resolve, reject) => {
      let timer: Timer | undefined
      let withdraw: (() => Promise<void> | undefined) | undefined
      let early: { readonly reason: unknown } | undefined
      const settle = (): void => {
        // A second call happens if the request is cancelled while it releases its locks after a provider failure.
        if (!this.#waiting.delete(cancel)) return
        timer?.cancel()
        this.#waits?.end()
        this.#onSettled()
      }
      const fail = (error: unknown): void => {
        settle()
        reject(error)
      }
      const cancel = (reason: unknown): void => {
        // The provider may call a listener of the app that ends the scope.
        if (withdraw === undefined) early = { reason }
        else {
          this.#trackLeaving(withdraw())
          fail(reason)
        }
      }
      const timedOut = (): Error => new Error(`${TIMEOUT_WORD[type]} acquisition timed out after ${timeout}ms`)
      this.#waiting.add(cancel)
      this.#waits?.begin()
      if (timeout !== undefined && timeout > 0) timer = startTimer(timeout, () => cancel(timedOut()))
      withdraw = enqueue({
        type,
        priority,
        once,
        pollInterval,
        grant: (held) => {
          const guard = accept(held)
          settle()
          resolve(guard)
        },
        giveUp: () => fail(timedOut()),
        fail,
      })
      if (early !== undefined) cancel((early as { readonly reason: unknown }).reason)
    })
  }

  cancel(reason: unknown): void {
    for (const cancel of [...this.#waiting]) cancel(reason)
  }

  /** Resolves when the cancelled requests have released what they acquired. Never rejects. */
  async left(): Promise<void> {
    await Promise.all(this.#leaving)
  }

  #trackLeaving(leaving: Promise<void> | undefined): void {
    if (leaving === undefined) return
    this.#leaving.add(leaving)
    void leaving.then(() => {
      this.#leaving.delete(leaving)
      this.#onSettled()
    })
  }
}
