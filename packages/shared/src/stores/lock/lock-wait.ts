import type { Session } from '../../session/session.js'
import type { StoredLockHandle } from './lock-handle.js'
import type { LockManager } from './lock-manager.js'
import { LockWaiter } from './wait-queue.js'

const SHORTEST_POLL_MS = 10
const LONGEST_POLL_MS = 200

export interface LockWait {
  readonly key: string
  /** ms; may be Infinity. */
  readonly wait: number
  readonly signal: AbortSignal | undefined
  /** Tries once to acquire the lock. */
  readonly acquire: () => Promise<StoredLockHandle | null>
}

/**
 * The callers of one adapter that wait for locks. Callers in one process get a lock in the order of their requests. A release in
 * this process wakes the first waiter; to detect releases in other processes, the first waiter polls.
 */
export class LockWaits {
  readonly #session: Session
  readonly #manager: LockManager
  readonly #waiters = new Set<LockWaiter>()

  constructor(session: Session, manager: LockManager) {
    this.#session = session
    this.#manager = manager
    session.onEnd(() => {
      // The next attempt of each waiter is refused.
      for (const waiter of this.#waiters) waiter.wake()
    })
  }

  /** @returns `null` when the wait is over. @throws the reason of `signal` when it aborts. */
  async run({ key, wait, signal, acquire }: LockWait): Promise<StoredLockHandle | null> {
    const { clock, connection } = this.#session
    const deadline = clock.monotonic() + wait
    const waiter = new LockWaiter(this.#manager.waitQueueOf(key))
    this.#waiters.add(waiter)
    try {
      for (let poll = SHORTEST_POLL_MS; ; ) {
        let pause = Number.POSITIVE_INFINITY
        if (waiter.isFirst || this.#session.ended) {
          const handle = await acquire()
          if (handle !== null) return handle
          // With jitter, so that waiters of several processes do not poll in step.
          pause = this.#manager.freeIn?.(key) ?? poll * (0.5 + connection.random() / 2)
          poll = Math.min(LONGEST_POLL_MS, poll * 2)
        }
        const remaining = deadline - clock.monotonic()
        if (remaining <= 0) return null
        await waiter.next(clock, Math.min(pause, remaining), signal)
      }
    } finally {
      this.#waiters.delete(waiter)
      waiter.leave()
    }
  }
}
