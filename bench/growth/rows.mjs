import { cacheOnAsyncEngine } from '../contestants/hand-written/on-async-engine.mjs'
import { cacheOnSyncEngine } from '../contestants/hand-written/on-sync-engine.mjs'
import { cacheStatements } from '../contestants/hand-written/statements.mjs'
import { tuning } from '../engines/tuning.mjs'
import { checkpoint, costsByRows, KEEP, taskOf, VALUE } from './costs-by-rows.mjs'

/**
 * Measures operations as the tables grow, in its own process. Argument: `{ engine, path, sizes }`. Prints a line of JSON per
 * size: µs by operation.
 *
 * It uses a file, because SQLite's page cache is then small. In memory the cache is the whole database, and SQLite walks all of
 * it at the commit after pages were rearranged (pcache1TruncateUnsafe).
 */
const { engine: engineName, path, sizes } = JSON.parse(process.argv[2])
const { engine } = await import(`../engines/${engineName}.mjs`)

const CHUNK = 1000
// Calls per sample. A `set` writes one page into the WAL, and a checkpoint runs every 1,000 pages. Each sample contains a few
// checkpoints; shorter samples would contain one or none.
const CALLS = 2500

const database = await engine.open(path)
for (const pragma of tuning('process')) await engine.exec(database, pragma)
const adapter = new engine.Adapter(database)
const neighbour = new engine.Adapter(database, { keyPrefix: 'neighbour' })
await adapter.connect()
await neighbour.connect()

const ofCache = cacheStatements('go_goscope_cache')
const prepare = (sql) => database.prepare(sql)
const prepared = engine.synchronous ? cacheOnSyncEngine(prepare, ofCache) : cacheOnAsyncEngine(prepare, ofCache)
// The rows of the adapter, by their stored keys.
const byHand = {
  get: (key) => prepared.get(`cache:${key}`),
  set: (key, value) => prepared.set(`cache:${key}`, value),
}

const rowKey = (index) => `row:${index.toString(36).padStart(6, '0')}`

let rows = 0
for (const size of sizes) {
  await growTo(size)
  const microseconds = await costsByRows(adapter, neighbour, {
    rows,
    calls: CALLS,
    rowKey,
    middle: 'row:000m:',
    byHand,
  })
  console.log(JSON.stringify({ size, microseconds }))
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
