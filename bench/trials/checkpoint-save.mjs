import { checkLatest, checkpointAt, fillCheckpoints, KEEP, manyTasks } from './checkpoints.mjs'

const ROUNDS = KEEP + 2

/** Works like the host: save, then drop all but the newest ten checkpoints of the task. */
export const trial = {
  title: `checkpoint save, keeping ${KEEP}`,
  writes: true,
  fill: (store) => fillCheckpoints(store, ROUNDS),
  async check(store) {
    const operation = store.checkpoint.saveBatch ? trial.many(store) : trial.one(store)
    if (store.checkpoint.saveBatch) await operation(0, 1024)
    else await Promise.all(Array.from({ length: 1024 }, (_, at) => operation(at)))
    await checkLatest(store, ROUNDS + 1)
  },
  one({ checkpoint }) {
    let saved = ROUNDS * 1024
    return async () => {
      const next = checkpointAt(saved++)
      await checkpoint.save(next)
      await checkpoint.cleanup(next.taskId, KEEP)
    }
  },
  many({ checkpoint }) {
    let saved = ROUNDS * 1024
    return async (_index, count) => {
      const first = saved
      saved += count
      await checkpoint.saveBatch(Array.from({ length: count }, (_, at) => checkpointAt(first + at)))
      await checkpoint.cleanupBatch(manyTasks(first, count), KEEP)
    }
  },
}
