import type { Checkpoint } from '@go-go-scope/persistence-core/ports'

/** @typeParam Data what the task saves. Nothing checks that what was stored is of this type. */
export interface CheckpointOptions<Data = unknown> {
  /** ms between two snapshots of `ctx.checkpoint.auto`. Absent: it takes none. */
  interval?: number
  onCheckpoint?(checkpoint: Checkpoint<Data>): void
  /** Called once, when the task starts from a stored checkpoint. */
  onResume?(checkpoint: Checkpoint<Data>): void
  /** Checkpoints kept per task; 0 keeps none. Default 10. */
  maxCheckpoints?: number
}

/** What a task gets as `ctx.checkpoint`. */
export interface CheckpointContext<T = unknown> {
  /**
   * The newest checkpoint's data when this run of the function began, or `undefined`. The run may change it: a retry gets a
   * structured clone, in which errors have lost members such as `code`, and instances their classes.
   */
  readonly data: T | undefined
  /** @throws (as a rejection) what the provider throws. */
  save(data: T): Promise<void>
  /**
   * Saves what `snapshot` returns, every `interval`, when it differs from what was saved last.
   *
   * @returns stops it; the end of the task does so too.
   */
  auto(snapshot: () => T | PromiseLike<T>): () => void
}
