import { leaveLog } from './change-log.js'
import type { Follower, FollowerParts } from './follower.js'
import { promote } from './promote.js'
import { type BusyWait, retryWhileBusy } from './retry-while-busy.js'

// The process waits at its end for 5 s, and a thread that is at work then makes it abort. Before it leaves, a follower may be in
// a round, whose statement waits for 1 s; and so does the last try to leave.
const LEAVING_MS = { least: 1_000, most: 2_000 }

/** How following ends: by a takeover, and by leaving the source. Its methods must not be called while the follower is in a round. */
export class Ending {
  readonly #follower: Follower
  readonly #parts: FollowerParts
  #takenOver = false
  /** Whether the source could be read when the standby took over. */
  #besideSource = false
  #left = false

  constructor(follower: Follower, parts: FollowerParts) {
    this.#follower = follower
    this.#parts = parts
  }

  /** Whether the standby is a database of its own now. */
  get takenOver(): boolean {
    return this.#takenOver
  }

  /**
   * Makes a database of its own of the standby. {@link leave} is left to do then.
   *
   * @param force Also beside a source that is in use.
   * @throws PersistenceError `DIVERGED`, `NOT_FOLLOWING`, `FILE_IN_USE`, `BUSY`, `DISK_FULL`, `CORRUPT`; it follows on then.
   */
  async takeOver(force: boolean): Promise<void> {
    const { standby, source, state, now } = this.#parts
    if (this.#takenOver) throw state.unusable('standby.takeOver')
    const behind = state.going ? await this.#follower.round() : undefined
    if (behind !== undefined) throw behind
    await this.#follower.isFound()
    state.usable('standby.takeOver', 'stopped')
    this.#besideSource = state.going
    if (state.going && !force) await this.#promoteAlone()
    else await promote(standby, now())
    if (!(await this.#follower.isFound())) {
      // While its pages were checked, which may take long. Whoever opens the name would have another database, or a new one.
      await source.unlock().catch(() => undefined)
      throw state.unusable('standby.takeOver')
    }
    this.#takenOver = true
    state.end('stopped', 'it has taken over')
    // At once: whoever reads the source now must not find it locked. It has taken over, whatever becomes of the source.
    await source.unlock().catch(() => undefined)
    await source.detachFromStandby().catch(() => undefined)
  }

  /** Gives up following. The log goes with the last follower. May be repeated. */
  async leave(): Promise<void> {
    if (this.#left) return
    this.#left = true
    const { source, state } = this.#parts
    const reason = state.going ? undefined : state.current.reason
    try {
      await source.unlock()
      await this.#leaveLog()
    } catch (error) {
      // It has taken over all the same. A log that stays in the source is removed by whoever connects after a day.
      if (!this.#takenOver) throw error
    } finally {
      state.end('stopped', reason ?? 'it was stopped')
      await source.detach()
    }
  }

  /** Where the source can be read, and has the follower in its log. */
  async #leaveLog(): Promise<void> {
    const { source, state, busyWait } = this.#parts
    const readable = this.#takenOver ? this.#besideSource : state.current.state !== 'stopped'
    if (!readable || !source.isOpen || state.position === undefined) return
    const { follower } = state.position
    const busyTimeout = Math.min(Math.max(busyWait.busyTimeout, LEAVING_MS.least), LEAVING_MS.most)
    // Following has ended, so a second call would do nothing.
    const remedy = 'the log stays in the source until an adapter connects to it after a day'
    const wait: BusyWait = { ...busyWait, busyTimeout, stopping: () => false }
    await retryWhileBusy('standby.stop', remedy, wait, () => leaveLog(source.sql, follower))
  }

  /** The last step, with nobody else at the source from the look until the standby is a database of its own. */
  async #promoteAlone(): Promise<void> {
    const { standby, source, state, now } = this.#parts
    for (;;) {
      const { seq } = state.usable('standby.takeOver')
      await source.lockExclusively()
      try {
        if ((await this.#follower.head()) === seq) return await promote(standby, now())
      } catch (error) {
        await source.unlockAndAttach()
        throw error
      }
      // Somebody has written between the last round and now, and is gone.
      await source.unlockAndAttach()
      const behind = await this.#follower.round()
      if (behind !== undefined) throw behind
    }
  }
}
