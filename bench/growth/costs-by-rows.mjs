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

/** @typedef {{ get(key: string): Promise<any>, set(key: string, value: object): Promise<void> }} Cache */

/**
 * What operations cost, by name: µs a call.
 *
 * @param {object} adapter
 * @param {object} neighbour of another prefix. Its rows lie in the middle of the table's, not at an end.
 * @param {{ rows: number, calls: number, rowKey: (index: number) => string, middle: string, byHand?: Cache }} table how many
 *   rows cache and checkpoints have; calls of a sample; the key of a row; what the keys that are looked for begin with; two
 *   prepared statements on the rows of the cache, measured in turn with ours
 */
export async function costsByRows(adapter, neighbour, { rows, calls, rowKey, middle, byHand }) {
  const found = Array.from({ length: FOUND }, (_, at) => [`${middle}${at}`, VALUE])
  const saveLongTask = () =>
    Promise.all(Array.from({ length: FOUND }, (_, at) => adapter.save(checkpoint('task:long', at))))
  await adapter.setMany(found)
  await saveLongTask()
  const somewhere = (at) => rowKey((at * 7919) % rows)
  const get = (cache) => async (at) => expect((await cache.get(somewhere(at))).name, VALUE.name)
  // Another value each time: where nothing changes SQLite writes no page, and a small table is written over and over.
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
 * µs a call, by name: medians of samples of `calls` calls each, on rows of their own. They are taken in turn, forth and back,
 * so that none is always the one after another.
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

/** µs a call: the median of samples of `calls` calls each. */
async function each(calls, operation, prepare = () => undefined) {
  const samples = []
  for (let sample = 0; sample < SAMPLES; sample++) {
    await prepare()
    samples.push(await timed(calls, (at) => operation(sample * calls + at)))
  }
  return median(samples)
}

/** µs a call. */
async function timed(calls, operation) {
  const began = performance.now()
  for (let at = 0; at < calls; at++) await operation(at)
  return ((performance.now() - began) * 1000) / calls
}

function expect(actual, expected) {
  if (actual !== expected) throw new Error(`expected ${expected}, got ${actual}`)
}
