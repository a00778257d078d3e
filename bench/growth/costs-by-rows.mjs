import { median } from '../statistics.mjs'

export const VALUE = { name: 'Ada Lovelace', active: true, score: 1.5, tags: ['reader', 'writer'] }
/** Checkpoints per task. */
export const KEEP = 10
const FOUND = 100
const SAMPLES = 25

/** Returns the task of checkpoint row `index`. */
export const taskOf = (index) => `task:${Math.floor(index / KEEP)}`

export const checkpoint = (taskId, sequence) => ({
  id: `${taskId}-${sequence}`,
  taskId,
  sequence,
  timestamp: sequence,
  progress: 1,
  data: VALUE,
})

/** @typedef {{ get(key: string): Promise<any>, set(key: string, value: object): Promise<void> }} Cache */

/**
 * Measures the cost of operations: µs per call, by name.
 *
 * @param {object} adapter
 * @param {object} neighbour an adapter with another prefix, whose rows are in the middle of the table and not at an end
 * @param {{ rows: number, calls: number, rowKey: (index: number) => string, middle: string, byHand?: Cache }} table the
 *   number of rows of cache and checkpoints; calls per sample; the key of a row; the prefix of the keys that are searched; two
 *   prepared statements on the rows of the cache, measured interleaved with ours
 */
export async function costsByRows(adapter, neighbour, { rows, calls, rowKey, middle, byHand }) {
  const found = Array.from({ length: FOUND }, (_, at) => [`${middle}${at}`, VALUE])
  const saveLongTask = () =>
    Promise.all(Array.from({ length: FOUND }, (_, at) => adapter.save(checkpoint('task:long', at))))
  await adapter.setMany(found)
  await saveLongTask()
  const somewhere = (at) => rowKey((at * 7919) % rows)
  const get = (cache) => async (at) => expect((await cache.get(somewhere(at))).name, VALUE.name)
  // Another value each time: SQLite writes no page when nothing changes, and a small table is written repeatedly.
  const set = (cache) => (at) => cache.set(somewhere(at), { ...VALUE, score: at })
  return {
    ...(await inTurn(calls, { get: get(adapter), ...(byHand && { 'get by hand': get(byHand) }) })),
    ...(await inTurn(calls, { set: set(adapter), ...(byHand && { 'set by hand': set(byHand) }) })),
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

/**
 * Returns µs per call, by name: medians of samples of `calls` calls each, each on its own rows. Samples are interleaved, forward
 * and backward, so that no contestant always follows the same other one.
 */
async function inTurn(calls, operations) {
  const samples = Object.fromEntries(Object.keys(operations).map((name) => [name, []]))
  let made = 0
  for (let sample = 0; sample < SAMPLES; sample++) {
    const order = Object.entries(operations)
    for (const [name, operation] of sample % 2 === 0 ? order : order.reverse()) {
      samples[name].push(await timed(calls, (at) => operation(made + at)))
      made += calls
    }
  }
  return Object.fromEntries(Object.entries(samples).map(([name, values]) => [name, median(values)]))
}

/** Returns µs per call: the median of samples of `calls` calls each. */
async function each(calls, operation, prepare = () => undefined) {
  const samples = []
  for (let sample = 0; sample < SAMPLES; sample++) {
    await prepare()
    samples.push(await timed(calls, (at) => operation(sample * calls + at)))
  }
  return median(samples)
}

/** Returns µs per call. */
async function timed(calls, operation) {
  const began = performance.now()
  for (let at = 0; at < calls; at++) await operation(at)
  return ((performance.now() - began) * 1000) / calls
}

function expect(actual, expected) {
  if (actual !== expected) throw new Error(`expected ${expected}, got ${actual}`)
}
