import { type Clock, systemClock } from './clock.js'
import { LeaseClock } from './lease-clock.js'
import { expiry } from './time-to-live.js'
import { Turn } from './turn.js'

/**
 * Creates the value that is bound as the time when the database's own clock decides leases and times to live.
 *
 * @param sent The lease clock of this process; returned as `ran_at`. `undefined` when no lease begins.
 * @param now Epoch ms from the `clock` option, used instead of the database's clock; `undefined` in production.
 */
export type BindTime = (sent: number | undefined, now: number | undefined) => number | string | null

/** The clock of a connection, with the lease time of its file. */
export class ConnectionClock implements Clock {
  readonly turn: Turn
  readonly #source: Clock
  readonly #bindTime: BindTime | undefined
  #lease: LeaseClock
  #leaveFile: (() => void) | undefined

  /**
   * @param source May be shared with other connections.
   * @param bindTime Absent when the clock of this process decides.
   */
  constructor(source: Clock, bindTime?: BindTime) {
    this.#source = source
    this.#bindTime = bindTime
    this.turn = Turn.of(source)
    this.#lease = new LeaseClock(source, bindTime === undefined)
  }

  /** Its own lease clock until {@link enterFile}. */
  get lease(): LeaseClock {
    return this.#lease
  }

  /** Returns whole epoch ms, like every stored time: some columns refuse a fraction. */
  now(): number {
    return Math.floor(this.#source.now())
  }

  /** Returns the current time in the form that is bound. @param by The clock to use, if this process decides. */
  bound(by: 'wall' | 'lease'): number | string | null {
    if (this.#bindTime === undefined) return by === 'lease' ? this.#lease.now() : this.now()
    // Read first: if the process is delayed between the reads, the lease must end too early here and not too late.
    const sent = by === 'lease' ? this.#lease.now() : undefined
    return this.#bindTime(sent, this.#source === systemClock ? undefined : this.now())
  }

  /**
   * Returns the end of a time to live in the form that is bound: epoch ms, or the time to live itself if the database adds it to
   * its own time; `null` for none.
   *
   * @param ttl ms.
   */
  expiry(ttl: number | undefined): number | null {
    const at = expiry(this.#source.now(), ttl)
    return at === null || ttl === undefined || this.#bindTime === undefined ? at : ttl
  }

  /**
   * ms by which the lease time of the file is ahead of the monotonic clock. It grows when the wall clock is set forward, while the
   * machine is suspended, and when a later time is observed: stored leases then end earlier by as much. `undefined` if the
   * database's own clock decides.
   */
  get lead(): number | undefined {
    return this.#bindTime === undefined ? this.#lease.now() - this.#source.monotonic() : undefined
  }

  monotonic(): number {
    return this.#source.monotonic()
  }

  setTimer(callback: () => void, delay: number, options?: { keepAlive?: boolean }): () => void {
    return this.#source.setTimer(callback, delay, options)
  }

  /**
   * Uses the lease time of a file from now on, shared with the other connections of this process; may be called again.
   *
   * @param identity The identity of the file.
   */
  enterFile(identity: string): void {
    if (this.#leaveFile !== undefined || this.#bindTime !== undefined) return
    const { time, leave } = LeaseClock.ofFile(this.#source, identity)
    this.#lease = time
    this.#leaveFile = leave
  }

  /** Call it once, when no lease depends on it any longer. */
  leaveFile(): void {
    this.#leaveFile?.()
  }
}
