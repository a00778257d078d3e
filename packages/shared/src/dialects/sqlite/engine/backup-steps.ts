/** How far a copy has come. */
export interface CopyProgress {
  readonly totalPages: number
  readonly remainingPages: number
}

/** What an engine's own backup is given to run by. */
export interface BackupSteps {
  /** Pages a step. */
  readonly rate: number
  /**
   * To be called between two steps.
   *
   * @returns ms to {@link wait} before the next step.
   * @throws what ends the backup.
   */
  next(progress: CopyProgress): number
  /** Holds the thread; over early when the copy is to stop. */
  wait(ms: number): void
}
