import { type Clock, systemClock } from './clock.js'
import { LeaseClock } from './lease-clock.js'
import { expiry } from './time-to-live.js'
import { Turn } from './turn.js'

/**
 * Makes what is bound as the time where the database's own clock judges leases and times to live.
 *
 * @param sent By the lease clock of this process; comes back as `ran_at`. `undefined` where no lease begins.
 * @param now Epoch ms to judge by instead of the database's clock, by the `clock` option; `undefined` in production.
 */
export type BindTime = (sent: number | undefined, now: number | undefined) => number | string | null

/** The clock that a connection goes by, with the time of the leases in its file. */
export class ConnectionClock implements Clock {
  readonly turn: Turn
  readonly #source: Clock
  readonly #bindTime: BindTime | undefined
  #lease: LeaseClock
  #leaveFile: (() => void) | undefined

  /**
   * @param source May be that of other connections too.
   * @param bindTime Absent where the clock of this process judges.
   */
  constructor(source: Clock, bindTime?: BindTime) {
    this.#source = source
    this.#bindTime = bindTime
    this.turn = Turn.of(source)
    this.#lease = new LeaseClock(source, bindTime === undefined)
  }

  /** Its own until {@link enterFile}. */
  get lease(): LeaseClock {
    return this.#lease
  }

  now(): number {
    return this.#source.now()
  }

  /** The current time as it is bound. @param lease Whether by the lease clock, where this process judges. */
  bound(lease: boolean): number | string | null {
    if (this.#bindTime === undefined) return lease ? this.#lease.now() : this.#source.now()
    // Read first: were the process held up between the readings, the lease must end too early here and not too late.
    const sent = lease ? this.#lease.now() : undefined
    return this.#bindTime(sent, this.#source === systemClock ? undefined : this.#source.now())
  }

  /**
   * The end of a time to live as it is bound: epoch ms, or the time to live itself where the database counts it from its
   * own time; `null` for none.
   *
   * @param ttl ms.
   */
  expiry(ttl: number | undefined): number | null {
    const at = expiry(this.#source.now(), ttl)
    return at === null || ttl === undefined || this.#bindTime === undefined ? at : ttl
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
    if (this.#leaveFile !== undefined || this.#bindTime !== undefined) return
    const { time, leave } = LeaseClock.ofFile(this.#source, identity)
    this.#lease = time
    this.#leaveFile = leave
  }

  /** To be called once, when no lease goes by it any more. */
  leaveFile(): void {
    this.#leaveFile?.()
  }
}
