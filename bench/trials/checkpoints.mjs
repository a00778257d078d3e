import assert from 'node:assert/strict'
import { KEYS, VALUES } from './sample.mjs'

/** The number of checkpoints that go-go-scope keeps per task by default. */
export const KEEP = 10
// More tasks than are ever in flight: a task saves one checkpoint at a time.
const TASKS = 1024

export const taskAt = (index) => KEYS[index & (TASKS - 1)]
export const manyTasks = (index, count) => Array.from({ length: count }, (_, at) => taskAt(index + at))

/** Returns the checkpoint number `index` of all; tasks get checkpoints in rotation. */
export function checkpointAt(index) {
  const taskId = taskAt(index)
  const sequence = Math.floor(index / TASKS) + 1
  return {
    id: `${taskId}-${sequence}`,
    taskId,
    sequence,
    timestamp: 1_700_000_000_000 + index,
    progress: 50,
    data: VALUES[index & 1023],
  }
}

/** Saves `rounds` checkpoints of every task. Returns their number. */
export async function fillCheckpoints({ checkpoint }, rounds) {
  for (let round = 0; round < rounds; round++) {
    const all = Array.from({ length: TASKS }, (_, at) => checkpointAt(round * TASKS + at))
    if (checkpoint.saveBatch) await checkpoint.saveBatch(all)
    else await Promise.all(all.map((one) => checkpoint.save(one)))
  }
  return rounds * TASKS
}

/** Checks that the newest checkpoint of every task is from round `rounds`. */
export async function checkLatest({ checkpoint }, rounds) {
  const expected = Array.from({ length: TASKS }, (_, at) => checkpointAt((rounds - 1) * TASKS + at))
  const given = checkpoint.loadLatestBatch
    ? await checkpoint.loadLatestBatch(manyTasks(0, TASKS))
    : await Promise.all(expected.map(({ taskId }) => checkpoint.loadLatest(taskId)))
  assert.deepEqual(given, expected)
}
