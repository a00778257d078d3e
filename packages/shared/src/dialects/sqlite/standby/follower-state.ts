import { PersistenceError, type PersistenceErrorCode } from '../../../errors/persistence-error.js'
import type { Position } from './position.js'
import { BEFORE_THE_FIRST_COPY, type StandbyState } from './standby-state.js'

const REPORT_EVERY_MS = 100

/** Progress and condition of a follower. Reports each change. */
export class FollowerState {
  /** `undefined` before the first copy. */
  position: Position | undefined
  /** The code of the problem for which the standby waits, or with which the last attempt ended. */
  waitsFor: PersistenceErrorCode | undefined
  // Whether it is `diverged` because its source has another history. Its own content is whole then.
  forked = false
  readonly #now: () => number
  readonly #report: (state: StandbyState) => void
  #current: StandbyState = BEFORE_THE_FIRST_COPY

  /** @param now Epoch ms. @param report Called with every change. */
  constructor(now: () => number, report: (state: StandbyState) => void) {
    this.#now = now
    this.#report = report
  }

  get current(): StandbyState {
    return this.#current
  }

  /** Whether rounds continue. */
  get going(): boolean {
    return ['copying', 'following', 'waiting'].includes(this.#current.state)
  }

  /**
   * Returns the position of a standby that follows or waits for a disk, or is in the state `or`.
   *
   * @throws PersistenceError `DIVERGED`, `NOT_FOLLOWING`.
   */
  usable(operation: string, or?: 'stopped' | 'diverged'): Position {
    const { state } = this.#current
    if (this.position !== undefined && ['following', 'waiting', or].includes(state)) return this.position
    throw this.unusable(operation)
  }

  /** Creates the error of a call that needs a following standby. */
  unusable(operation: string, advice = 'follow the source anew into another target'): PersistenceError {
    const { state, reason } = this.#current
    return new PersistenceError(
      state === 'diverged' ? 'DIVERGED' : 'NOT_FOLLOWING',
      operation,
      `${operation}: the standby is ${state}${reason === undefined ? '' : ` (${reason})`}; ${advice}`,
    )
  }

  following(position: Position, reason: string | undefined = this.#reasonOfCopy()): void {
    this.position = position
    this.waitsFor = undefined
    this.change({ state: 'following', reason, position: position.seq, behind: 0, checkedAt: this.#now() })
  }

  /**
   * Records that a disk is full or fails, so that the next round has to be made again.
   *
   * @param behind The number of missing changes, if known.
   */
  waits({ code, message }: PersistenceError, behind: number | undefined): void {
    const problem = code === 'DISK_FULL' ? 'is full, and it follows on when there is room' : 'fails, and it tries again'
    const reason = `the disk of the standby or of its source ${problem} (${message})`
    this.waitsFor = code
    this.change({ state: 'waiting', reason, behind })
  }

  /** Records a look at the source that found no changes. Reported at most ten times a second. */
  checked(): void {
    const now = this.#now()
    // The clock may have been set back.
    if (Math.abs(now - (this.#current.checkedAt ?? 0)) >= REPORT_EVERY_MS) this.change({ checkedAt: now })
  }

  end(state: 'diverged' | 'lost' | 'stopped', reason: string): void {
    this.change({ state, reason, behind: undefined })
  }

  change(change: Partial<StandbyState>): void {
    this.#current = { ...this.#current, ...change }
    this.#report(this.#current)
  }

  /** The standby no longer waits. */
  #reasonOfCopy(): string | undefined {
    return this.#current.state === 'waiting' ? undefined : this.#current.reason
  }
}
