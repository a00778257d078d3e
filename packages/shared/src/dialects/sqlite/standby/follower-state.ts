import { PersistenceError } from '../../../errors/persistence-error.js'
import type { Position } from './position.js'
import { BEFORE_THE_FIRST_COPY, type StandbyState } from './standby-state.js'

const TELL_EVERY_MS = 100

/** How far a follower is and how it is doing, told whenever that changes. */
export class FollowerState {
  /** `undefined` before the first copy. */
  position: Position | undefined
  readonly #now: () => number
  readonly #tell: (state: StandbyState) => void
  #current: StandbyState = BEFORE_THE_FIRST_COPY

  /** @param now Epoch ms. @param tell Called with every change. */
  constructor(now: () => number, tell: (state: StandbyState) => void) {
    this.#now = now
    this.#tell = tell
  }

  get current(): StandbyState {
    return this.#current
  }

  /** Whether rounds go on. */
  get going(): boolean {
    return ['copying', 'following', 'waiting'].includes(this.#current.state)
  }

  /**
   * The position of a standby that follows or waits for room, or was `stopped` where that will do too.
   *
   * @throws PersistenceError `DIVERGED`, `NOT_FOLLOWING`.
   */
  usable(operation: string, or?: 'stopped'): Position {
    const { state } = this.#current
    if (this.position !== undefined && ['following', 'waiting', or].includes(state)) return this.position
    throw this.unusable(operation)
  }

  /** The error of a call for which the standby would have to follow. */
  unusable(operation: string): PersistenceError {
    const { state, reason } = this.#current
    return new PersistenceError(
      state === 'diverged' ? 'DIVERGED' : 'NOT_FOLLOWING',
      operation,
      `${operation}: the standby is ${state}${reason === undefined ? '' : ` (${reason})`}; follow the source anew into another target`,
    )
  }

  following(position: Position, reason: string | undefined = this.#reasonOfCopy()): void {
    this.position = position
    this.change({ state: 'following', reason, position: position.seq, behind: 0, checkedAt: this.#now() })
  }

  /**
   * There is no room for what the next round would write.
   *
   * @param behind How many changes that is, where it can be told.
   */
  waits(problem: string, behind: number | undefined): void {
    const reason = `the disk of the standby or of its source is full, and it follows on when there is room (${problem})`
    this.change({ state: 'waiting', reason, behind })
  }

  /** Nothing has changed at the source, as at most looks: that is told ten times a second at most. */
  checked(): void {
    const now = this.#now()
    // A clock may have been set back.
    if (Math.abs(now - (this.#current.checkedAt ?? 0)) >= TELL_EVERY_MS) this.change({ checkedAt: now })
  }

  end(
    state: 'diverged' | 'lost' | 'stopped',
    reason: string,
    position: number | undefined = this.#current.position,
  ): void {
    this.change({ state, reason, position, behind: undefined })
  }

  change(change: Partial<StandbyState>): void {
    this.#current = { ...this.#current, ...change }
    this.#tell(this.#current)
  }

  /** What was waited for is over. */
  #reasonOfCopy(): string | undefined {
    return this.#current.state === 'waiting' ? undefined : this.#current.reason
  }
}
