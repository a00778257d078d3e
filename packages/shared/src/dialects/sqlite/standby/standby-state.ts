/**
 * What a standby is.
 *
 * - `copying`: everything is copied, for the first time or anew, as `reason` tells. What was there before can be read.
 * - `following`: it was what the source is at `checkedAt`.
 * - `diverged`: the source is of another history, or one of the two was changed by hand. It follows no more.
 * - `lost`: changes are missing that the log does not have any more, or the source cannot be followed. It follows no more.
 * - `stopped`: it was stopped, or the source cannot be read. It is what the source was at `position`.
 */
export type StandbyCondition = 'copying' | 'following' | 'diverged' | 'lost' | 'stopped'

/** How a standby is doing, as it told last. */
export interface StandbyState {
  readonly state: StandbyCondition
  /** Why, where there is something to say. */
  readonly reason: string | undefined
  /** The number of the last change that it has. */
  readonly position: number | undefined
  /** Changes of the source that it did not have at the last look. `undefined` while nobody knows. */
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

/** What `verify()` found. */
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
