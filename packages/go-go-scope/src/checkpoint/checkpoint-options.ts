import type { Checkpoint } from '@go-go-scope/persistence-core/ports'

/** @typeParam Data The type of the saved data. Stored data is not checked against it. */
export interface CheckpointOptions<Data = unknown> {
  /** ms between two snapshots of `ctx.checkpoint.auto`. Absent: no snapshots. */
  interval?: number
  onCheckpoint?(checkpoint: Checkpoint<Data>): void
  /** Called once if the task starts from a stored checkpoint. */
  onResume?(checkpoint: Checkpoint<Data>): void
  /** Checkpoints kept per task; 0 keeps none. Default 10. */
  maxCheckpoints?: number
}

/** The checkpoints of a running task, as `ctx.checkpoint`. */
export interface CheckpointContext<T = unknown> {
  /**
   * The data of the newest checkpoint when this run of the function began, or `undefined`. The run may modify it. A retry
   * gets a structured clone, in which errors lack members such as `code`, and instances lack their classes.
   */
  readonly data: T | undefined
  /** Saves a checkpoint. @throws (as a rejection) the provider's error. */
  save(data: T): Promise<void>
  /**
   * Saves the result of `snapshot` every `interval` ms if it differs from the last saved data.
   *
   * @returns a function that stops it. The end of the task stops it too.
   */
  auto(snapshot: () => T | PromiseLike<T>): () => void
}
