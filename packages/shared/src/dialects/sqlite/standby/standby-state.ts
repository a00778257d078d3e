/**
 * The state of a standby.
 * - `copying`: it makes a full copy, for the first time or again, as `reason` says. Reads return the content before the copy.
 * - `following`: at `checkedAt` it had everything that the source had.
 * - `waiting`: its disk, or that of its source, is full or fails, as `reason` says. It has the content of the source at `position`,
 *   tries again each second, or less often if an attempt takes long, and follows again when that succeeds.
 * - `diverged`: the source has another lineage, or one of the two was changed by hand. It no longer follows.
 * - `lost`: the log lacks changes that the standby needs, the source cannot be followed, or the standby's own file was deleted or
 *   replaced. It no longer follows.
 * - `stopped`: it was stopped, or the source cannot be read. It has the content of the source at `position`.
 */
export type StandbyCondition = 'copying' | 'following' | 'waiting' | 'diverged' | 'lost' | 'stopped'

/** The last report of a standby's thread. */
export interface StandbyState {
  readonly state: StandbyCondition
  /** The reason for the state, if there is one. */
  readonly reason: string | undefined
  /** The number of the last change that the standby has. */
  readonly position: number | undefined
  /** How many changes the standby lacked at its last poll of the source; `undefined` before the first poll. */
  readonly behind: number | undefined
  /** Epoch ms of the last poll of the source. */
  readonly checkedAt: number | undefined
}

export const BEFORE_THE_FIRST_COPY: StandbyState = {
  state: 'copying',
  reason: undefined,
  position: undefined,
  behind: undefined,
  checkedAt: undefined,
}

/** The result of `Standby.verify()`. */
export interface Verification {
  /** Whether every cell and rowid is equal on both sides. */
  readonly equal: boolean
  /** The number of the last change that both sides have. */
  readonly position: number
  readonly rows: number
  /** Hex, over every cell and rowid of the standby. */
  readonly sha256: string
  readonly sourceSha256: string
}
