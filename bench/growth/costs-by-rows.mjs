import { median } from '../statistics.mjs'

export const VALUE = { name: 'Ada Lovelace', active: true, score: 1.5, tags: ['reader', 'writer'] }
/** Checkpoints of a task. */
export const KEEP = 10
const FOUND = 100
const SAMPLES = 25

/** The task that row `index` of the checkpoints belongs to. */
export const taskOf = (index) => `task:${Math.floor(index / KEEP)}`

export const checkpoint = (taskId, sequence) => ({
  id: `${taskId}-${sequence}`,
  taskId,
  sequence,
  timestamp: sequence,
  progress: 1,
  data: VALUE,
})

/**
 * What operations cost, by name: µs a call.
 *
 * @param {object} adapter
 * @param {object} neighbour of another prefix. Its rows lie in the middle of the table's, not at an end.
 * @param {{ rows: number, calls: number, rowKey: (index: number) => string, middle: string }} table how many rows cache and
 *   checkpoints have; calls of a sample; the key of a row; what the keys that are looked for begin with
 */
export async function costsByRows(adapter, neighbour, { rows, calls, rowKey, middle }) {
  const found = Array.from({ length: FOUND }, (_, at) => [`${middle}${at}`, VALUE])
  const saveLongTask = () =>
    Promise.all(Array.from({ length: FOUND }, (_, at) => adapter.save(checkpoint('task:long', at))))
  await adapter.setMany(found)
  await saveLongTask()
  const somewhere = (at) => rowKey((at * 7919) % rows)
  return {
    get: await each(calls, async (at) => expect(typeof (await adapter.get(somewhere(at))), 'object')),
    // Another value each time: where nothing changes SQLite writes no page, and a small table is written over and over.
    set: await each(calls, (at) => adapter.set(somewhere(at), { ...VALUE, score: at })),
    'keys(prefix)': await each(1, async () => expect((await adapter.keys(`${middle}*`)).length, FOUND)),
    'clear()': await each(
      1,
      () => neighbour.clear(),
      () => neighbour.setMany(found),
    ),
    loadLatest: await each(calls, async (at) =>
      expect((await adapter.loadLatest(taskOf((at * 7919) % rows))).sequence, KEEP - 1),
    ),
    cleanup: await each(1, () => adapter.cleanup('task:long', KEEP), saveLongTask),
  }
}

/** µs a call: the median of samples of `calls` calls each. */
async function each(calls, operation, prepare = () => undefined) {
  const samples = []
  for (let sample = 0; sample < SAMPLES; sample++) {
    await prepare()
    const began = performance.now()
    for (let at = 0; at < calls; at++) await operation(sample * calls + at)
    samples.push(((performance.now() - began) * 1000) / calls)
  }
  return median(samples)
}

function expect(actual, expected) {
  if (actual !== expected) throw new Error(`expected ${expected}, got ${actual}`)
}
