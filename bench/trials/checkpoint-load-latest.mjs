import { checkLatest, fillCheckpoints, KEEP, manyTasks, taskAt } from './checkpoints.mjs'

export const trial = {
  title: 'checkpoint loadLatest',
  fill: (store) => fillCheckpoints(store, KEEP),
  check: (store) => checkLatest(store, KEEP),
  one:
    ({ checkpoint }) =>
    (index) =>
      checkpoint.loadLatest(taskAt(index)),
  many:
    ({ checkpoint }) =>
    (index, count) =>
      checkpoint.loadLatestBatch(manyTasks(index, count)),
}
