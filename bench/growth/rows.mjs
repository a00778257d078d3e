import { tuning } from '../engines/tuning.mjs'
import { median } from '../statistics.mjs'

/**
 * What operations cost as the tables grow, in a process of its own. Argument: `{ engine, path, sizes }`. Prints a line of
 * JSON for each size: µs by operation.
 *
 * On a file, because SQLite's page cache is then small. In memory it is the whole database, and SQLite walks all of it at
 * the commit that follows a rearrangement of pages (pcache1TruncateUnsafe).
 */
const { engine: engineName, path, sizes } = JSON.parse(process.argv[2])
const { engine } = await import(`../engines/${engineName}.mjs`)

const VALUE = { name: 'Ada Lovelace', active: true, score: 1.5, tags: ['reader', 'writer'] }
const CHUNK = 1000
const FOUND = 100
const KEEP = 10
const SAMPLES = 25

const database = await engine.open(path)
for (const pragma of tuning('process')) await engine.exec(database, pragma)
const adapter = new engine.Adapter(database)
// Its rows lie in the middle of the table's, not at an end.
const neighbour = new engine.Adapter(database, { keyPrefix: 'neighbour' })
await adapter.connect()
await neighbour.connect()

const rowKey = (index) => `row:${index.toString(36).padStart(6, '0')}`
const found = Array.from({ length: FOUND }, (_, at) => [`row:000m:${at}`, VALUE])
const checkpoint = (taskId, sequence) => ({
  id: `${taskId}-${sequence}`,
  taskId,
  sequence,
  timestamp: sequence,
  progress: 1,
  data: VALUE,
})
const taskOf = (index) => `task:${Math.floor(index / KEEP)}`

let rows = 0
for (const size of sizes) {
  await growTo(size)
  console.log(JSON.stringify({ size, microseconds: await costs() }))
}
process.exit(0)

async function growTo(size) {
  for (; rows < size; rows += CHUNK) {
    await adapter.setMany(Array.from({ length: CHUNK }, (_, at) => [rowKey(rows + at), VALUE]))
    await Promise.all(
      Array.from({ length: CHUNK }, (_, at) => adapter.save(checkpoint(taskOf(rows + at), (rows + at) % KEEP))),
    )
  }
}

async function costs() {
  await adapter.setMany(found)
  const somewhere = (at) => rowKey((at * 7919) % rows)
  return {
    get: await each(500, async (at) => void (await adapter.get(somewhere(at)))),
    // Another value each time: where nothing changes SQLite writes no page, and a small table is written over and over.
    set: await each(500, async (at) => adapter.set(somewhere(at), { ...VALUE, score: at })),
    'keys(prefix)': await each(1, async () => expect((await adapter.keys('row:000m:*')).length, FOUND)),
    'clear()': await each(
      1,
      () => neighbour.clear(),
      () => neighbour.setMany(found),
    ),
    loadLatest: await each(500, async (at) =>
      expect((await adapter.loadLatest(taskOf((at * 7919) % rows))).sequence, KEEP - 1),
    ),
    cleanup: await each(1, () => adapter.cleanup('task:long', KEEP), saveLongTask),
  }
}

async function saveLongTask() {
  await Promise.all(Array.from({ length: FOUND }, (_, at) => adapter.save(checkpoint('task:long', at))))
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
