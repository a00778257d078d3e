import type { Checkpoint, CheckpointProvider } from '@go-go-scope/persistence-core/ports'

/**
 * The checkpoint port in memory. It copies checkpoints in and out, because a task usually keeps modifying the object that
 * it saved.
 */
export class InMemoryCheckpointProvider implements CheckpointProvider {
  readonly #checkpoints = new Map<string, Checkpoint>()

  async save<T>(checkpoint: Checkpoint<T>): Promise<void> {
    this.#checkpoints.set(checkpoint.id, structuredClone(checkpoint))
  }

  async loadLatest<T>(taskId: string): Promise<Checkpoint<T> | undefined> {
    return structuredClone(this.#of(taskId).at(-1)) as Checkpoint<T> | undefined
  }

  async load<T>(checkpointId: string): Promise<Checkpoint<T> | undefined> {
    return structuredClone(this.#checkpoints.get(checkpointId)) as Checkpoint<T> | undefined
  }

  async list(taskId: string): Promise<Checkpoint<unknown>[]> {
    return structuredClone(this.#of(taskId))
  }

  async cleanup(taskId: string, keepCount: number): Promise<void> {
    const all = this.#of(taskId)
    for (const { id } of all.slice(0, Math.max(0, all.length - keepCount))) this.#checkpoints.delete(id)
  }

  async deleteAll(taskId: string): Promise<void> {
    for (const { id } of this.#of(taskId)) this.#checkpoints.delete(id)
  }

  /** Ascending by sequence. */
  #of(taskId: string): Checkpoint[] {
    return [...this.#checkpoints.values()]
      .filter((checkpoint) => checkpoint.taskId === taskId)
      .sort((a, b) => a.sequence - b.sequence)
  }
}
