import assert from 'node:assert/strict'
import type { AdapterUnderTest, FencedStatementUnderTest, Row } from '../engine-under-test.js'
import { refuses } from '../refusal.js'
import { type EngineSuite, engineSuite } from '../suite.js'
import type { World } from '../world.js'

type Fenced = (...statements: FencedStatementUnderTest[]) => Promise<Row[][]>

async function fencedIn(world: World): Promise<Fenced> {
  const adapter: AdapterUnderTest = await world.adapter({ locks: 'database' })
  const handle = await adapter.lock.acquire('job', 60_000)
  return (...statements) => adapter.fenced(handle as never, statements)
}

const INTEGERS = [0n, -1n, 2n ** 31n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)]

/** Statements that would leave or end the transaction, written as somebody might to get past a check. */
const REFUSED = [
  'BEGIN',
  'commit',
  'END TRANSACTION',
  ' \n\tROLLBACK TO x',
  '/* a */ -- b\n SAVEPOINT x',
  '/* SELECT */ RELEASE x',
  ';;COMMIT',
  "ATTACH ':memory:' AS other",
  'DETACH other',
  'PRAGMA synchronous = OFF',
  'VACUUM',
]

const SEVERAL = [
  'DELETE FROM go_goscope_locks; SELECT 1',
  "SELECT ';'; SELECT 1",
  'SELECT 1; COMMIT',
  '; SELECT 1; /* a */ SELECT 2',
]

/** One statement each, whatever they look like. */
const SINGLE: readonly (readonly [sql: string, parameters: string[], row: Row])[] = [
  ["SELECT '; COMMIT' AS a;", [], { a: '; COMMIT' }],
  ['SELECT 1 AS "a;?"  ; -- ; COMMIT', [], { 'a;?': 1 }],
  ["SELECT '?' || 'it''s ?' || ? AS a /* ? */ -- ?", ['x'], { a: "?it's ?x" }],
  ['SELECT ?2 || ? || ?1 AS [a?]', ['1', '2', '3'], { 'a?': '231' }],
  ["SELECT '{\"a\":1}' ->> '$.a' AS `?`", [], { '?': 1 }],
  ['SELECT "begin" AS a FROM (SELECT 7 AS "begin")', [], { a: 7 }],
  ['SELECT 1e3 + 0x1F AS a, ?1 AS ü$x', ['x'], { a: 1031, ü$x: 'x' }],
]

export const fencedStatements: EngineSuite = engineSuite('fenced statements', (check) => {
  check('parameters arrive as they were given', async (world) => {
    const fenced = await fencedIn(world)
    const bytes = new Uint8Array([0, 1, 255])
    const [rows] = await fenced({
      sql: 'SELECT ? AS text, ? AS number, ? AS yes, ? AS no, ? AS none, hex(?) AS bytes',
      parameters: ['ü🙂', -1.5, true, false, null, bytes],
    })
    assert.deepEqual({ ...rows?.[0] }, { text: 'ü🙂', number: -1.5, yes: 1, no: 0, none: null, bytes: '0001FF' })
  })

  check('a BigInt arrives as an exact integer, wherever it stands', async (world) => {
    const fenced = await fencedIn(world)
    for (const value of INTEGERS) {
      const [rows] = await fenced({
        sql: 'SELECT ?1 AS first, CAST(?2 AS TEXT) AS text, typeof(?2) AS type, ?2 = ?3 AS same, ? AS last',
        parameters: ['a', value, value, 'z'],
      })
      assert.deepEqual({ ...rows?.[0] }, { first: 'a', text: String(value), type: 'integer', same: 1, last: 'z' })
    }
  })

  check('what cannot be sent safely is refused before anything runs', async (world) => {
    const fenced = await fencedIn(world)
    await world.rows('CREATE TABLE t (a)')
    const bad: unknown[] = [
      undefined,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      2n ** 63n,
      -(2n ** 63n) - 1n,
      'a\0b',
      '\ud800',
      {},
      [],
      new Date(0),
      () => 1,
      Symbol('x'),
    ]
    for (const value of bad) {
      const statement = { sql: 'INSERT INTO t VALUES (?)', parameters: [value] as never }
      await refuses(() => fenced({ sql: 'INSERT INTO t VALUES (1)' }, statement), {
        code: 'INVALID_ARGUMENT',
        says: ['statements[1]', 'parameters[0]'],
      })
    }
    assert.deepEqual(await world.rows('SELECT * FROM t'), [])
  })

  check('the number of parameters must fit', async (world) => {
    const fenced = await fencedIn(world)
    for (const [sql, parameters] of [
      ['SELECT ?', []],
      ['SELECT 1', ['x']],
      ['SELECT ?3', ['x']],
      ["SELECT '?'", ['x']],
      ['SELECT ?, ?', ['x']],
    ] as const) {
      await refuses(() => fenced({ sql, parameters }), { code: 'INVALID_ARGUMENT', says: ['parameters'] })
    }
    for (const sql of ['SELECT :a', 'SELECT @a', 'SELECT $a', 'SELECT ?0']) {
      await refuses(() => fenced({ sql, parameters: ['x'] }), { code: 'INVALID_ARGUMENT', says: ['named'] })
    }
  })

  check('statements that would end the transaction or reach past it are refused', async (world) => {
    const fenced = await fencedIn(world)
    for (const sql of REFUSED) await refuses(() => fenced({ sql }), { code: 'INVALID_ARGUMENT', says: ['starts with'] })
  })

  check('several statements in one text are refused, not cut short', async (world) => {
    const fenced = await fencedIn(world)
    for (const sql of SEVERAL) await refuses(() => fenced({ sql }), { code: 'INVALID_ARGUMENT', says: ['several'] })
  })

  check('text that only looks like more is left alone', async (world) => {
    const fenced = await fencedIn(world)
    for (const [sql, parameters, row] of SINGLE) {
      const [rows] = await fenced({ sql, parameters })
      assert.deepEqual({ ...rows?.[0] }, row, sql)
    }
  })

  check('what is no statement is refused', async (world) => {
    const fenced = await fencedIn(world)
    for (const sql of ['', ' ; ', '-- nothing', '/* nothing', 'SELECT 1\0', "SELECT '\ud800'", 7 as never]) {
      await refuses(() => fenced({ sql }), { code: 'INVALID_ARGUMENT', says: ['sql'] })
    }
    await refuses(() => fenced(null as never), { code: 'INVALID_ARGUMENT', says: ['statements[0]'] })
    await refuses(() => fenced({ sql: 'SELECT 1', parameters: 'x' as never }), { code: 'INVALID_ARGUMENT' })
    const adapter = await world.adapter({ locks: 'database' })
    const handle = await adapter.lock.acquire('another', 1_000)
    await refuses(() => adapter.fenced(handle as never, 'SELECT 1' as never), { code: 'INVALID_ARGUMENT' })
  })
})
