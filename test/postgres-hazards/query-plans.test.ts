import type { PostgresAdapter } from '@go-go-scope/persistence-postgres'
import { beforeAll, describe, expect, test } from 'vitest'
import { postgresDialect } from '../../packages/persistence-postgres/src/postgres-dialect.js'
import { type StatementLike, statementsOf } from './dialect-statements.js'
import { admin, newSchema, opens } from './server-adapters.js'

interface PlanNode {
  'Node Type': string
  'Relation Name'?: string
  'Index Name'?: string
  Plans?: PlanNode[]
}

const TABLES = ['cache', 'locks', 'idempotency', 'circuit', 'checkpoints']
// Counts are requested explicitly, see `stats`.
const MAY_SCAN = ['cache.stats']
// Such an index finds all rows that live, so only a sweep or a list reads it. The planner takes them for few if few lived at the last ANALYZE.
const INDEX_OF_EXPIRIES = /_(expires_at|claimed_until|sweep_at)_idx$/
const ROWS = 10_000

const schema = newSchema()
const statements = statementsOf(postgresDialect(schema, 'process'))

/** Returns the parts of a plan that read more of our tables than necessary. */
async function wasteful(sql: string, name = ''): Promise<string[]> {
  const { rows } = await admin.query(`EXPLAIN (GENERIC_PLAN, FORMAT JSON) ${sql}`)
  const nodes = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(nodes)]
  const isScan = (node: PlanNode): boolean =>
    node['Node Type'] === 'Seq Scan' && TABLES.includes(node['Relation Name'] ?? '')
  const isByExpiry = (node: PlanNode): boolean =>
    !/\.sweep|^inspect\./.test(name) && INDEX_OF_EXPIRIES.test(node['Index Name'] ?? '')
  return nodes(rows[0]['QUERY PLAN'][0].Plan)
    .filter((node) => isScan(node) || isByExpiry(node))
    .map((node) => `${node['Node Type']} on ${node['Relation Name'] ?? node['Index Name']}`)
}

/** Adds many rows to each table. Where only the key differs, the server copies a row that the adapter wrote. */
async function fill(adapter: PostgresAdapter): Promise<void> {
  await adapter.cache.set('k', 1, 60_000)
  await adapter.acquire('k', 60_000)
  await adapter.idempotency.set('k', 1, 60_000)
  await adapter.recordFailure('k', 5)
  const inserts = TABLES.filter((name) => name !== 'checkpoints').map(
    (
      name,
    ) => `INSERT INTO "${schema}".${name} SELECT other.* FROM "${schema}".${name} AS one, generate_series(1, ${ROWS}) AS at,
jsonb_populate_record(one, jsonb_build_object('key', 'k' || at)) AS other`,
  )
  await admin.query(inserts.join(';'))
  const checkpoint = { sequence: 1, timestamp: 1, progress: 0, data: 1 }
  const ids = Array.from({ length: ROWS }, (_, index) => `k${index}`)
  await Promise.all(ids.map((id) => adapter.checkpoint.save({ ...checkpoint, id, taskId: id })))
}

describe.each(['empty and never analysed', 'of many rows and never analysed', 'of many rows'])('tables %s', (state) => {
  beforeAll(async () => {
    const adapter = await opens(schema)
    if (state.includes('many') && state.includes('never')) await fill(adapter)
    else if (state.includes('many')) await admin.query(TABLES.map((name) => `ANALYZE "${schema}"."${name}"`).join(';'))
    await adapter.disconnect()
  }, 60_000)

  test('are read by an index in every statement', async () => {
    expect(statements.length).toBeGreaterThan(60)
    // For an empty table the planner prefers a scan of its few pages to many lookups. It plans again once the table has been
    // analyzed, which the server does by itself when the table has grown.
    const one = ({ name }: StatementLike): boolean => !/, many$|\.sweep$/.test(name)
    const planned = state.startsWith('empty') ? statements.filter(one) : statements
    const problems = []
    for (const { name, sql } of planned) {
      const base = name.split(',')[0] ?? ''
      if (!MAY_SCAN.includes(base))
        problems.push(...(await wasteful(sql, name)).map((problem) => `${name}: ${problem}\n${sql}`))
    }
    expect(problems).toEqual([])
  })
})

test('a scan is seen', async () => {
  expect(await wasteful(`SELECT 1 FROM "${schema}".cache WHERE value = 'x'`)).not.toEqual([])
})
