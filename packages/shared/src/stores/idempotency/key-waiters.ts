import type { EndsWithConnection } from '../../connection/connection.js'
import type { Clock } from '../../time/clock.js'

/** Callers that wait for a key to change hands, by stored key: woken at once by a change made on the same handle. */
export class KeyWaiters implements EndsWithConnection {
  readonly #byKey = new Map<string, Set<() => void>>()

  /** Notices every wake-up from now on, so that none is lost between a look at the key and the waiting. */
  enter(key: string): KeyWaiter {
    return new KeyWaiter((wake) => {
      const waiting = this.#byKey.get(key) ?? new Set()
      this.#byKey.set(key, waiting.add(wake))
      return () => {
        waiting.delete(wake)
        if (waiting.size === 0 && this.#byKey.get(key) === waiting) this.#byKey.delete(key)
      }
    })
  }

  wake(key: string): void {
    for (const wake of [...(this.#byKey.get(key) ?? [])]) wake()
  }

  /** Wakes every caller: what each asks next is refused. */
  ending(): void {
    for (const key of [...this.#byKey.keys()]) this.wake(key)
  }
}

/** One caller's place among the {@link KeyWaiters}. */
export class KeyWaiter {
  readonly #leave: () => void
  #woken = false
  #continue: (() => void) | undefined

  constructor(register: (wake: () => void) => () => void) {
    this.#leave = register(() => {
      this.#woken = true
      this.#continue?.()
    })
  }

  /**
   * Waits for a wake-up since the last call, or for `delay` ms.
   *
   * @throws the reason of `signal` when it aborts.
   */
  async next(clock: Clock, delay: number, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted()
    if (!this.#woken) {
      await new Promise<void>((resolve) => {
        const finish = (): void => {
          cancelTimer?.()
          signal?.removeEventListener('abort', finish)
          this.#continue = undefined
          resolve()
        }
        let cancelTimer: (() => void) | undefined
        // Before the timer: where it fails, none is left behind.
        signal?.addEventListener('abort', finish)
        // A caller awaits this, so it must keep the process alive.
        cancelTimer = clock.setTimer(finish, delay, { keepAlive: true })
        this.#continue = finish
      })
    }
    this.#woken = false
    signal?.throwIfAborted()
  }

  leave(): void {
    this.#leave()
  }
}
