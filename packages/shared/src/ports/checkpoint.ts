/** One saved point of a task. */
export interface Checkpoint<T = unknown> {
  /** Unique among all checkpoints of all tasks, for example `<taskId>:<sequence>`. */
  id: string
  taskId: string
  /** Grows by one per save of a task, from 1. */
  sequence: number
  /** Epoch ms. */
  timestamp: number
  /**
   * 0 to 100, may be fractional. A store keeps a number outside this range unchanged: the data matters more than its percentage.
   */
  progress: number
  data: T
  /** Estimated ms until the task is done. */
  estimatedTimeRemaining?: number
}

/** Checkpoints of resumable tasks. */
export interface CheckpointProvider {
  /**
   * Stores `checkpoint`. Saving the same id again replaces the whole row.
   *
   * @throws (as a rejection) from a store in a database: `VALUE_NOT_SERIALIZABLE`, `VALUE_TOO_LARGE`, `INVALID_KEY`,
   *   `INVALID_ARGUMENT`.
   *
   * @example
   * ```ts
   * const taskId = 'import'
   * const sequence = ((await persistence.checkpoint.loadLatest(taskId))?.sequence ?? 0) + 1
   * const data = { done: 100 }
   * await persistence.checkpoint.save({ id: `${taskId}:${sequence}`, taskId, sequence, timestamp: Date.now(), progress: 10, data })
   * ```
   */
  save<T>(checkpoint: Checkpoint<T>): Promise<void>
  /** Returns the checkpoint of the task with the highest sequence, or `undefined`. */
  loadLatest<T = unknown>(taskId: string): Promise<Checkpoint<T> | undefined>
  /** Returns the checkpoint with this id, or `undefined`. */
  load<T = unknown>(checkpointId: string): Promise<Checkpoint<T> | undefined>
  /** Returns all checkpoints of a task, ascending by sequence. */
  list(taskId: string): Promise<Checkpoint<unknown>[]>
  /** Keeps only the checkpoints of a task with the `keepCount` highest sequences; 0 removes all. */
  cleanup(taskId: string, keepCount: number): Promise<void>
  /** Removes every checkpoint of one task. */
  deleteAll(taskId: string): Promise<void>
}
