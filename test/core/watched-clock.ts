import type { Clock } from '@go-go-scope/persistence-core'

interface Timer {
  readonly keepAlive: boolean
  readonly at: number
  readonly callback: () => void
}

/** Stands still until it is moved, and tells which of its timers keep the process alive. */
export class WatchedClock implements Clock {
  readonly #timers = new Set<Timer>()
  #time = 1_000

  now(): number {
    return 1_700_000_000_000 + this.#time
  }

  monotonic(): number {
    return this.#time
  }

  setTimer(callback: () => void, delay: number, options?: { keepAlive?: boolean }): () => void {
    const timer = { callback, at: this.#time + delay, keepAlive: options?.keepAlive === true }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  get keepsAlive(): boolean {
    return [...this.#timers].some(({ keepAlive }) => keepAlive)
  }

  /** Moves on without a timer firing, as time does while code runs. */
  pass(ms: number): void {
    this.#time += ms
  }

  async advance(ms: number): Promise<void> {
    this.#time += ms
    for (const timer of [...this.#timers]) {
      if (timer.at > this.#time || !this.#timers.delete(timer)) continue
      timer.callback()
    }
    await settled()
  }
}

/** Lets everything run that waits for no timer of the clock. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
}
