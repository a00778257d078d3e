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
  /** Called at the grant, so that every lock that is held has a guard. */
  accept(held: HeldLock): LockGuard
}

/** The requests of one Lock object that wait. */
export class PendingRequests {
  readonly #waiting = new Set<(reason: unknown) => void>()
  /** Withdrawn requests that are still giving back what they took. */
  readonly #leaving = new Set<Promise<void>>()
  readonly #onSettled: () => void
  readonly #waits: Waits | undefined

  /**
   * @param onSettled called when a request is over and has given back what it took.
   * @param waits counts the requests that wait.
   */
  constructor(onSettled: () => void, waits: Waits | undefined) {
    this.#onSettled = onSettled
    this.#waits = waits
  }

  /** The number of requests that wait, or are still giving back what they took. */
  get size(): number {
    return this.#waiting.size + this.#leaving.size
  }

  /** Rejects on time-out, when it is cancelled, and with what the provider throws. */
  wait({ type, options, once, accept }: Wanted, enqueue: LockQueue['enqueue']): Promise<LockGuard> {
    const { timeout, priority = 0, pollInterval = 100 } = options
    return new Promise<LockGuard>((resolve, reject) => {
      let timer: Timer | undefined
      const settle = (): void => {
        // Twice, where it is cancelled while what it took is given back because the provider has failed.
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
        this.#trackLeaving(withdraw())
        fail(reason)
      }
      const timedOut = (): Error => new Error(`${TIMEOUT_WORD[type]} acquisition timed out after ${timeout}ms`)
      this.#waiting.add(cancel)
      this.#waits?.begin()
      if (timeout !== undefined && timeout > 0) timer = startTimer(timeout, () => cancel(timedOut()))
      const withdraw = enqueue({
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
    })
  }

  cancel(reason: unknown): void {
    for (const cancel of [...this.#waiting]) cancel(reason)
  }

  /** Resolves when the cancelled requests have given back what they took. Never rejects. */
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
