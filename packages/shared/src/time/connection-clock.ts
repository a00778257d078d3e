import type { Clock } from './clock.js'
import { LeaseClock } from './lease-clock.js'
import { Turn } from './turn.js'

/** The clock that a connection goes by, with the time of the leases in its file. */
export class ConnectionClock implements Clock {
  readonly turn: Turn
  readonly #source: Clock
  #lease: LeaseClock
  #leaveFile: (() => void) | undefined

  /** @param source May be that of other connections too. */
  constructor(source: Clock) {
    this.#source = source
    this.turn = Turn.of(source)
    this.#lease = new LeaseClock(source)
  }

  /** Its own until {@link enterFile}. */
  get lease(): LeaseClock {
    return this.#lease
  }

  now(): number {
    return this.#source.now()
  }

  monotonic(): number {
    return this.#source.monotonic()
  }

  setTimer(callback: () => void, delay: number, options?: { keepAlive?: boolean }): () => void {
    return this.#source.setTimer(callback, delay, options)
  }

  /**
   * Goes by the time of a file from now on, as other connections of this process do; may be repeated.
   *
   * @param identity Of the file.
   */
  enterFile(identity: string): void {
    if (this.#leaveFile !== undefined) return
    const { time, leave } = LeaseClock.ofFile(this.#source, identity)
    this.#lease = time
    this.#leaveFile = leave
  }

  /** To be called once, when no lease goes by it any more. */
  leaveFile(): void {
    this.#leaveFile?.()
  }
}
