import type { Session } from '../../session/session.js'
import type { StoredLockHandle } from './lock-handle.js'
import { LinePlace } from './lock-line.js'
import type { LockManager } from './lock-manager.js'

const SHORTEST_POLL_MS = 10
const LONGEST_POLL_MS = 200

export interface LockWait {
  readonly key: string
  /** ms; may be Infinity. */
  readonly wait: number
  readonly signal: AbortSignal | undefined
  /** Asks for the lock once. */
  readonly acquire: () => Promise<StoredLockHandle | null>
}

/**
 * Callers of one adapter that wait for locks. Those of a process stand in line for a lock and get it in the order in which
 * they came. A release in this process tells the first of them; releases elsewhere it finds by looking again and again.
 */
export class LockWaits {
  readonly #session: Session
  readonly #manager: LockManager
  readonly #places = new Set<LinePlace>()

  constructor(session: Session, manager: LockManager) {
    this.#session = session
    this.#manager = manager
    session.atEnd(() => {
      // What each asks next is refused.
      for (const place of this.#places) place.wake()
    })
  }

  /** @returns `null` when the time is over. @throws the reason of `signal` when it aborts. */
  async run({ key, wait, signal, acquire }: LockWait): Promise<StoredLockHandle | null> {
    const { clock, connection } = this.#session
    const deadline = clock.monotonic() + wait
    const place = new LinePlace(this.#manager.lineOf(key))
    this.#places.add(place)
    try {
      for (let poll = SHORTEST_POLL_MS; ; ) {
        let pause = Number.POSITIVE_INFINITY
        if (place.isFirst || this.#session.over) {
          const handle = await acquire()
          if (handle !== null) return handle
          // With jitter, so that the waiters of several processes do not march in step.
          pause = this.#manager.freeIn?.(key) ?? poll * (0.5 + connection.random() / 2)
          poll = Math.min(LONGEST_POLL_MS, poll * 2)
        }
        const remaining = deadline - clock.monotonic()
        if (remaining <= 0) return null
        await place.next(clock, Math.min(pause, remaining), signal)
      }
    } finally {
      this.#places.delete(place)
      place.leave()
    }
  }
}
