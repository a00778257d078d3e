import { say } from '@go-go-scope/persistence-conformance/process'
import { PostgresAdapter } from '@go-go-scope/persistence-postgres'
import pg from 'pg'
import { median } from '../statistics.mjs'

/**
 * What operations cost as the tables grow. Argument: `{ url, schema, sizes }`; says `{ size, microseconds }` for each size.
 * The rows are written past the adapter, by the statement of the server that makes most of them.
 */
const { url, schema, sizes } = JSON.parse(process.argv[2])
const VALUE = { name: 'Ada Lovelace', active: true, score: 1.5, tags: ['reader', 'writer'] }
const FOUND = 100
const KEEP = 10
const SAMPLES = 25

const client = new pg.Client({ connectionString: url })
await client.connect()
await client.query(`DROP SCHEMA IF EXISTS "${schema}" CASCADE`)
const adapter = await PostgresAdapter.open(url, { schema, durability: 'process' })
// Its rows lie in the middle of the table's, not at an end.
const neighbour = await PostgresAdapter.open(url, { schema, durability: 'process', keyPrefix: 'neighbour' })
const rowKey = (index) => `row:${String(index).padStart(8, '0')}`
const taskOf = (index) => `task:${Math.floor(index / KEEP)}`
const found = Array.from({ length: FOUND }, (_, at) => [`row:00000500:${at}`, VALUE])

let rows = 0
for (const size of sizes) {
  await growTo(size)
  say({ size, microseconds: await costs() })
}
process.exit(0)

async function growTo(size) {
  const text = JSON.stringify(VALUE)
  await client.query(
    `INSERT INTO "${schema}".cache (key, value)
SELECT 'cache:row:' || lpad(n::text, 8, '0'), $3::text FROM generate_series($1::int, $2::int) AS n ON CONFLICT DO NOTHING`,
    [rows, size - 1, text],
  )
  await client.query(
    `INSERT INTO "${schema}".checkpoints (id, task_id, sequence, timestamp, progress, data)
SELECT 'c' || n, 'task:' || n / ${KEEP}, n % ${KEEP}, n, 1, $3::text FROM generate_series($1::int, $2::int) AS n`,
    [rows, size - 1, text],
  )
  // What a server does by itself in a while, and in the middle of a measurement otherwise.
  await client.query(`VACUUM ANALYZE "${schema}".cache`)
  await client.query(`VACUUM ANALYZE "${schema}".checkpoints`)
  rows = size
}

async function costs() {
  await adapter.setMany(found)
  await saveLongTask()
  const somewhere = (at) => rowKey((at * 7919) % rows)
  return {
    get: await each(100, async (at) => expect(typeof (await adapter.get(somewhere(at))), 'object')),
    set: await each(100, (at) => adapter.set(somewhere(at), { ...VALUE, score: at })),
    'keys(prefix)': await each(1, async () => expect((await adapter.keys('row:00000500:*')).length, FOUND)),
    'clear()': await each(
      1,
      () => neighbour.clear(),
      () => neighbour.setMany(found),
    ),
    loadLatest: await each(100, async (at) =>
      expect((await adapter.loadLatest(taskOf((at * 7919) % rows))).sequence, KEEP - 1),
    ),
    cleanup: await each(1, () => adapter.cleanup('task:long', KEEP), saveLongTask),
  }
}

async function saveLongTask() {
  const one = (at) => ({ id: `long-${at}`, taskId: 'task:long', sequence: at, timestamp: at, progress: 1, data: VALUE })
  await Promise.all(Array.from({ length: FOUND }, (_, at) => adapter.save(one(at))))
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
