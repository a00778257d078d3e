/** How far a copy has come. */
export interface CopyProgress {
  readonly totalPages: number
  readonly remainingPages: number
}

/** What an engine's own backup is given to run by. */
export interface BackupSteps {
  /** Pages a step. */
  readonly rate: number
  /** Of the database that is copied. */
  readonly totalPages: number
  readonly pageBytes: number
  /** Whether the copy is to be held back. */
  readonly paced: boolean
  /**
   * To be called between two steps.
   *
   * @param unseen Pages that are copied and do not show in `progress` yet. They count for the pace.
   * @returns ms to {@link wait} before the next step.
   * @throws what ends the backup.
   */
  next(progress: CopyProgress, unseen?: number): number
  /** Holds the thread; over early when the copy is to stop. */
  wait(ms: number): void
}
