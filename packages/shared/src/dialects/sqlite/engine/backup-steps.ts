/** The progress of a copy. */
export interface CopyProgress {
  readonly totalPages: number
  readonly remainingPages: number
}

/** Controls the steps of an engine's own backup. */
export interface BackupSteps {
  /** Pages per step. */
  readonly rate: number
  /** The number of pages of the database that is copied. */
  readonly totalPages: number
  readonly pageBytes: number
  /** Whether the speed of the copy is limited. */
  readonly paced: boolean
  /**
   * Call it between two steps.
   *
   * @param unseen Copied pages that do not show in `progress` yet. They count for the speed.
   * @returns ms to {@link wait} before the next step.
   * @throws to end the backup.
   */
  next(progress: CopyProgress, unseen?: number): number
  /** Blocks the thread for `ms`, or until the copy is asked to stop. */
  wait(ms: number): void
}
