import { say } from '@go-go-scope/persistence-conformance/process'
import { PostgresAdapter } from '@go-go-scope/persistence-postgres'
import pg from 'pg'
import { costsByRows, KEEP, VALUE } from '../growth/costs-by-rows.mjs'

/**
 * Measures operations as the tables grow. Argument: `{ url, schema, sizes }`; prints `{ size, microseconds }` per size. A
 * statement on the server writes most of the rows, without the adapter.
 */
const { url, schema, sizes } = JSON.parse(process.argv[2])

const NOW = 'extract(epoch FROM clock_timestamp()) * 1000'
const GET = `SELECT value FROM "${schema}".cache WHERE key = $1 AND (expires_at IS NULL OR expires_at > ${NOW})`
const SET = `INSERT INTO "${schema}".cache (key, value, expires_at) VALUES ($1, $2, NULL)
ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at`

const client = new pg.Client({ connectionString: url })
await client.connect()
await client.query(`DROP SCHEMA IF EXISTS "${schema}" CASCADE`)
const adapter = await PostgresAdapter.open(url, { schema, durability: 'process' })
const neighbour = await PostgresAdapter.open(url, { schema, durability: 'process', keyPrefix: 'neighbour' })
const rowKey = (index) => `row:${String(index).padStart(8, '0')}`

/** Prepared statements on the rows of the adapter, which keeps them under `cache:`. */
const byHand = {
  async get(key) {
    const { rows: found } = await client.query({ name: 'get', text: GET, values: [`cache:${key}`] })
    return JSON.parse(found[0].value)
  },
  set: (key, value) => client.query({ name: 'set', text: SET, values: [`cache:${key}`, JSON.stringify(value)] }),
}

let rows = 0
for (const size of sizes) {
  await growTo(size)
  say({
    size,
    microseconds: await costsByRows(adapter, neighbour, { rows, calls: 100, rowKey, middle: 'row:00000500:', byHand }),
  })
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
  // A server does this by itself after a while, which would be in the middle of a measurement.
  await client.query(`VACUUM ANALYZE "${schema}".cache`)
  await client.query(`VACUUM ANALYZE "${schema}".checkpoints`)
  rows = size
}
