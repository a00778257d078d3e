import type { Checkpoint, CheckpointProvider } from '@go-go-scope/persistence-core/ports'

export class ReferenceCheckpoints implements CheckpointProvider {
  readonly #checkpoints = new Map<string, Checkpoint>()

  async save<T>(checkpoint: Checkpoint<T>): Promise<void> {
    this.#checkpoints.set(checkpoint.id, { ...checkpoint })
  }

  async loadLatest<T>(taskId: string): Promise<Checkpoint<T> | undefined> {
    return this.#of(taskId).at(-1) as Checkpoint<T> | undefined
  }

  async load<T>(checkpointId: string): Promise<Checkpoint<T> | undefined> {
    return this.#checkpoints.get(checkpointId) as Checkpoint<T> | undefined
  }

  async list(taskId: string): Promise<Checkpoint[]> {
    return this.#of(taskId)
  }

  async cleanup(taskId: string, keepCount: number): Promise<void> {
    for (const { id } of this.#of(taskId).toReversed().slice(keepCount)) this.#checkpoints.delete(id)
  }

  async deleteAll(taskId: string): Promise<void> {
    for (const { id } of this.#of(taskId)) this.#checkpoints.delete(id)
  }

  #of(taskId: string): Checkpoint[] {
    const own = [...this.#checkpoints.values()].filter((checkpoint) => checkpoint.taskId === taskId)
    return own.toSorted((a, b) => a.sequence - b.sequence)
  }
}
