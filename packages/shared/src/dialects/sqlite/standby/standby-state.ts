/**
 * The state of a standby.
 *
 * - `copying`: it makes a full copy, for the first time or again, as `reason` says. Reads see the content before the copy.
 * - `following`: at `checkedAt` it had everything that the source had.
 * - `waiting`: its disk, or that of its source, is full, as `reason` says. It has the content of the source at `position`, tries
 *   again each second, and follows on when there is room.
 * - `diverged`: the source has another history, or one of the two was changed by hand. It follows no more.
 * - `lost`: the log lacks changes that the standby needs, the source cannot be followed, or the standby's own file was deleted or
 *   replaced. It follows no more.
 * - `stopped`: it was stopped, or the source cannot be read. It has the content of the source at `position`.
 */
export type StandbyCondition = 'copying' | 'following' | 'waiting' | 'diverged' | 'lost' | 'stopped'

/** The last report of a standby's thread. */
export interface StandbyState {
  readonly state: StandbyCondition
  /** Why, where there is something to say. */
  readonly reason: string | undefined
  /** The number of the last change that it has. */
  readonly position: number | undefined
  /** How many changes the standby lacked at its last look at the source; `undefined` before the first look. */
  readonly behind: number | undefined
  /** Epoch ms of the last look at the source. */
  readonly checkedAt: number | undefined
}

export const BEFORE_THE_FIRST_COPY: StandbyState = {
  state: 'copying',
  reason: undefined,
  position: undefined,
  behind: undefined,
  checkedAt: undefined,
}

/** The answer of `Standby.verify()`. */
export interface Verification {
  /** Whether every cell and rowid is the same on both sides. */
  readonly equal: boolean
  /** The last change that both sides have. */
  readonly position: number
  readonly rows: number
  /** Hex, over every cell and rowid of the standby. */
  readonly sha256: string
  readonly sourceSha256: string
}
