import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { portNames } from '@go-go-scope/persistence-conformance/workspace'
import { SQLiteAdapter } from '@go-go-scope/persistence-sqlite-node'
import { DatabaseSync } from '@photostructure/sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isWastefulStep } from './query-plan-steps.js'

interface StatementLike {
  name: string
  sql: string
  batch?: { sql: string; bound?: string; tally?: { sql: string } }
}

const dialect = fileURLToPath(new URL('../../packages/shared/src/dialects/sqlite/statements', import.meta.url))
/**
 * Statements that may scan a table: counts that users ask for, see `stats`; a pragma, which has no plan; the first prefix of
 * bare tasks; and checks of a whole database, which read its schema, counters and prefixes.
 */
const MAY_SCAN = ['cache.stats', 'circuitBreaker.subscribe', 'inspect.names', 'verify.database']

const statements = await everyStatement()
const database = new DatabaseSync(':memory:')
const adapter = new SQLiteAdapter(database)

beforeAll(() => adapter.connect())
afterAll(() => adapter.disconnect())

test('the statements of every store are found', () => {
  const stores = new Set(statements.map(({ name }) => name.split('.')[0]))
  expect([...stores]).toEqual(expect.arrayContaining([...portNames]))
})

describe('every statement is driven by an index', () => {
  for (const { name, sql } of statements) {
    if (MAY_SCAN.includes(name)) continue
    test(`${name}: ${sql.replaceAll(/\s+/g, ' ').slice(0, 90)}`, () => {
      const plan = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all() as { detail: string }[]
      expect(plan.map(({ detail }) => detail).filter(isWastefulStep)).toEqual([])
    })
  }
})

test('a scan and a sort are seen', () => {
  const plan = (sql: string) =>
    (database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all() as { detail: string }[]).map(({ detail }) => detail)
  expect(plan("SELECT 1 FROM go_goscope_cache WHERE value = 'x'").some(isWastefulStep)).toBe(true)
  expect(plan('SELECT key FROM go_goscope_cache WHERE key > 1 ORDER BY value').some(isWastefulStep)).toBe(true)
  expect(plan('SELECT value FROM go_goscope_cache WHERE key = 1').some(isWastefulStep)).toBe(false)
})

/** Returns all statements of the dialect, including those that are made for a table's name. */
async function everyStatement(): Promise<StatementLike[]> {
  const files = readdirSync(dialect, { recursive: true, encoding: 'utf8' })
  const found: StatementLike[] = []
  for (const file of files) {
    const exported = Object.values(await import(pathToFileURL(join(dialect, file)).href))
    for (const value of exported) collect(typeof value === 'function' ? value('go_goscope_cache') : value, found)
  }
  return found.flatMap(({ name, sql, batch }) =>
    [
      { name, sql },
      { name: `${name}, many`, sql: batch?.sql },
      { name: `${name}, bound together`, sql: batch?.bound },
      { name: `${name}, counted`, sql: batch?.tally?.sql },
    ].filter((statement): statement is StatementLike => statement.sql !== undefined),
  )
}

function collect(value: unknown, found: StatementLike[]): void {
  if (typeof value !== 'object' || value === null) return
  if ('sql' in value && 'name' in value) found.push(value as StatementLike)
  else for (const member of Object.values(value)) collect(member, found)
}
