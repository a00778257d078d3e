import type { Clock } from './clock.js'

/** Lets one caller wait for a change. A wake-up between two waits is not lost: the next wait ends immediately. */
export class WakeUp {
  #woken = false
  #continue: (() => void) | undefined

  wake(): void {
    this.#woken = true
    this.#continue?.()
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
        // Before the timer, so that no timer is left behind if this fails.
        signal?.addEventListener('abort', finish)
        // A caller awaits this, so it must keep the process alive.
        cancelTimer = clock.setTimer(finish, delay, { keepAlive: true })
        this.#continue = finish
      })
    }
    this.#woken = false
    signal?.throwIfAborted()
  }
}
