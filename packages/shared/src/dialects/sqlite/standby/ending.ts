import { hasCode, PersistenceError } from '../../../errors/persistence-error.js'
import { leaveLog } from './change-log.js'
import type { Follower, FollowerParts } from './follower.js'
import type { Position } from './position.js'
import { promote } from './promote.js'
import { type BusyWait, retryWhileBusy } from './retry-while-busy.js'
import { type Found, findPosition } from './round.js'

// At exit the process waits 5 s for its threads, and a thread that is still working then aborts it. Before a follower leaves, it
// may have to finish a round whose statement waits 1 s for the lock; its last attempt to leave also waits 1 s.
const LEAVING_MS = { least: 1_000, most: 2_000 }

// The errors for which a takeover is refused. After any other, the source counts as lost.
const REFUSALS = ['DIVERGED', 'FILE_IN_USE', 'NOT_FOLLOWING'] as const

/** Ends following: by a takeover, and by leaving the source. Do not call its methods while the follower is in a round. */
export class Ending {
  readonly #follower: Follower
  readonly #parts: FollowerParts
  #takenOver = false
  /** Whether the source was readable when the standby took over. */
  #sourceReadable = false
  #left = false

  constructor(follower: Follower, parts: FollowerParts) {
    this.#follower = follower
    this.#parts = parts
  }

  /** Whether the standby is now an independent database. */
  get takenOver(): boolean {
    return this.#takenOver
  }

  /**
   * Turns the standby into an independent database. Call {@link leave} afterwards.
   *
   * @param force Takes over even if the source is in use, has later changes, or is another database.
   * @throws PersistenceError `DIVERGED`, `NOT_FOLLOWING`, `FILE_IN_USE`, `BUSY`, `DISK_FULL`, `CORRUPT`; it then continues to
   *   follow.
   */
  async takeOver(force: boolean): Promise<void> {
    const { standby, source, state, now } = this.#parts
    if (this.#takenOver) throw state.unusable('standby.takeOver')
    const round = async () => (state.going ? this.#follower.round() : undefined)
    let failure = await round()
    // The failure of a disk may pass, and a takeover without the last changes loses them.
    if (failure !== undefined && !isOfWaiting(failure)) failure = await round()
    if (failure !== undefined && isOfWaiting(failure)) throw failure
    await this.#follower.isFound()
    const position = state.usable('standby.takeOver', force && state.forked ? 'diverged' : 'stopped')
    // A source whose disk fails may be lost.
    this.#sourceReadable = state.going && failure === undefined
    if (force) await promote(standby, now())
    else if (this.#sourceReadable) await this.#promoteAlone()
    else await this.#promoteStopped(position)
    // If the look fails, the opener of the file finds out.
    if (!(await this.#follower.isFound().catch(() => true))) {
      // The file may have been replaced while its pages were checked, which may take long. Opening its name would then find
      // another database, or create a new one.
      await source.unlock().catch(() => undefined)
      throw state.unusable('standby.takeOver')
    }
    this.#takenOver = true
    state.end('stopped', 'it has taken over')
    // Immediately, because a reader of the source must not find it locked. The takeover is done, whatever happens to the source.
    await source.unlock().catch(() => undefined)
    await source.detachFromStandby().catch(() => undefined)
  }

  /** Stops following. The last follower removes the log. May be called again. */
  async leave(): Promise<void> {
    if (this.#left) return
    this.#left = true
    const { source, state } = this.#parts
    const reason = state.going ? undefined : state.current.reason
    try {
      await source.unlock()
      await this.#leaveLog()
    } catch (error) {
      // The takeover is done nevertheless. A log that stays in the source is removed by an adapter that connects after a day.
      if (!this.#takenOver) throw error
    } finally {
      state.end('stopped', reason ?? 'it was stopped')
      await source.detach()
    }
  }

  /** Leaves the log if the source is readable and has the follower in its log. */
  async #leaveLog(): Promise<void> {
    const { source, state, busyWait } = this.#parts
    const readable = this.#takenOver ? this.#sourceReadable : state.current.state !== 'stopped'
    if (!readable || !source.isOpen || state.position === undefined) return
    const { follower } = state.position
    const busyTimeout = Math.min(Math.max(busyWait.busyTimeout, LEAVING_MS.least), LEAVING_MS.most)
    // Following has ended, so a second call would do nothing.
    const remedy = 'the log stays in the source until an adapter connects to it after a day'
    const wait: BusyWait = { ...busyWait, busyTimeout, stopping: () => false }
    await retryWhileBusy('standby.stop', remedy, wait, () => leaveLog(source.sql, follower))
  }

  /** The last step. No other connection can use the source from the last poll of it until the standby is independent. */
  async #promoteAlone(): Promise<void> {
    const { standby, source, state, now } = this.#parts
    for (;;) {
      const { seq } = state.usable('standby.takeOver')
      try {
        await source.lockExclusively()
      } catch (error) {
        // SQLite writes only after it has the lock. So nobody uses a source that it cannot write, for example on a read-only disk.
        const isAlone = !hasCode(error, 'FILE_IN_USE')
        if (isAlone && (await this.#follower.head().catch(() => seq)) === seq) return promote(standby, now())
        throw error
      }
      try {
        if ((await this.#follower.head()) === seq) return await promote(standby, now())
      } catch (error) {
        await source.unlockAndAttach()
        throw error
      }
      // Another connection has written between the last round and now, and is gone.
      await source.unlockAndAttach()
      const behind = await this.#follower.round()
      if (behind !== undefined) throw behind
    }
  }

  /**
   * {@link #promoteAlone} for a standby that does not follow, or whose last round failed with an error of a disk. Its source may be
   * readable again, or its path may lead to another file.
   */
  async #promoteStopped(position: Position): Promise<void> {
    const { standby, source, now } = this.#parts
    try {
      const failure = await this.#refuseToLoseReadable(position)
      // Also one that cannot be read may be in use, and its users would go on writing to it. What they write to a deleted file is lost.
      if (source.isOpen && !hasCode(failure, 'CANNOT_OPEN')) await source.lockExclusively()
      if (failure === undefined) {
        const last = await this.#follower.head()
        this.#refuseToLose({ kind: 'in the log', last, token: position.token }, position)
        this.#sourceReadable = true
      }
    } catch (error) {
      // A source that cannot be read or locked is lost. This is the case for which a standby exists.
      const refusal = hasCode(error, 'BUSY') ? source.inUse(error) : error
      if (isRefusal(refusal)) {
        await source.unlock().catch(() => undefined)
        throw refusal
      }
    }
    try {
      await promote(standby, now())
    } catch (error) {
      await source.unlock().catch(() => undefined)
      throw error
    }
  }

  /** Refuses a takeover that would lose what the source has. @returns why the source cannot be read, `undefined` if it can. */
  async #refuseToLoseReadable(position: Position): Promise<unknown> {
    const { standby, source } = this.#parts
    try {
      // To attach it. What has changed is for the next round to find, if this is refused.
      await source.mayHaveChanged()
      source.markChanged()
      this.#refuseToLose(await findPosition(standby, position), position)
      return undefined
    } catch (error) {
      if (isRefusal(error) || hasCode(error, 'BUSY')) throw error
      return error
    }
  }

  /** Refuses a takeover that would lose what the source has and the standby does not have. */
  #refuseToLose(found: Found, { seq }: Position): void {
    if (found.kind === 'in the log' && found.last <= seq) return
    const { state } = this.#parts
    const [code, loss] =
      found.kind === 'in the log'
        ? (['NOT_FOLLOWING', `its later changes (${found.last - seq})`] as const)
        : found.kind === 'diverged'
          ? (['DIVERGED', `what is in the file that is at the path of its source now (${found.reason})`] as const)
          : (['NOT_FOLLOWING', `its later changes, if there are any (${found.reason})`] as const)
    const instead = state.going ? 'try again' : 'follow the source anew into another target'
    const { message } = state.unusable('standby.takeOver', `${instead}, or pass force: true to lose ${loss}`)
    throw new PersistenceError(code, 'standby.takeOver', message)
  }
}

function isRefusal(error: unknown): boolean {
  return REFUSALS.some((code) => hasCode(error, code))
}

/** Whether the next round will succeed once others have finished or there is room. */
function isOfWaiting({ code }: PersistenceError): boolean {
  return code === 'BUSY' || code === 'DISK_FULL'
}
