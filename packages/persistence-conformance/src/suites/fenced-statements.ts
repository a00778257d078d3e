import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { AdapterUnderTest, FencedStatementUnderTest, Row } from '../engine-under-test.js'
import { forAll } from '../property.js'
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

/** Statements that would end the transaction, written to get past a check of their text. */
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
  '\uFEFFCOMMIT',
  ' \f\uFEFF/* a */\uFEFF-- b\n\uFEFF ROLLBACK',
  ';\uFEFF;\uFEFFCOMMIT',
  'EXPLAIN PRAGMA synchronous = OFF',
  'explain \uFEFFquery plan /* a */ PRAGMA synchronous = OFF',
]

const SEVERAL = [
  'DELETE FROM go_goscope_locks; SELECT 1',
  "SELECT ';'; SELECT 1",
  'SELECT 1; COMMIT',
  '; SELECT 1; /* a */ SELECT 2',
  'SELECT 1;\uFEFFSELECT 2',
  'CREATE TRIGGER one AFTER INSERT ON t BEGIN SELECT 1; END; SELECT 1',
  'CREATE TRIGGER one AFTER INSERT ON t BEGIN SELECT 1; END;\uFEFFCOMMIT',
]

/** Each is one statement with semicolons in it, for a table t (a). */
const TRIGGERS = [
  'CREATE TRIGGER one AFTER INSERT ON t BEGIN DELETE FROM t WHERE a = 5; END',
  'create temp trigger two after insert on t begin select 1; select 2; end;',
  'CREATE TEMPORARY TRIGGER IF NOT EXISTS three AFTER UPDATE ON t BEGIN SELECT 1; END ; -- ; COMMIT',
  '/* a */ CREATE -- b\n TRIGGER \uFEFF"fo;ur" AFTER INSERT ON t BEGIN SELECT \'; END;\'; /* ; */ END /* c */ ;;',
  `CREATE TRIGGER five AFTER INSERT ON t WHEN CASE NEW.a WHEN 1 THEN 0 ELSE 1 END BEGIN
    UPDATE t SET a = CASE WHEN a > 1 THEN CASE a WHEN 2 THEN 3 ELSE a END ELSE a END WHERE a = NEW.a;
    INSERT INTO t SELECT 9 AS [end; END] WHERE 0;
  END`,
]

/** Each is one statement that looks like several. */
const SINGLE: readonly (readonly [sql: string, parameters: string[], row: Row])[] = [
  ["SELECT '; COMMIT' AS a;", [], { a: '; COMMIT' }],
  ['SELECT 1 AS "a;?"  ; -- ; COMMIT', [], { 'a;?': 1 }],
  ["SELECT '?' || 'it''s ?' || ? AS a /* ? */ -- ?", ['x'], { a: "?it's ?x" }],
  ['SELECT ?2 || ? || ?1 AS [a?]', ['1', '2', '3'], { 'a?': '231' }],
  ["SELECT '{\"a\":1}' ->> '$.a' AS `?`", [], { '?': 1 }],
  ['SELECT "begin" AS a FROM (SELECT 7 AS "begin")', [], { a: 7 }],
  ['SELECT 1e3 + 0x1F AS a, ?1 AS ü$x', ['x'], { a: 1031, ü$x: 'x' }],
]

const SINGLE_OF_T = ["INSERT INTO t VALUES ('; END;')", 'DELETE FROM t', 'SELECT 1 AS "a;"', 'EXPLAIN SELECT 1 AS [;]']

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

  check('a whole number arrives as an integer, and any other number as REAL', async (world) => {
    const fenced = await fencedIn(world)
    await fenced({ sql: 'CREATE TABLE t (text TEXT, number NUMERIC)' })
    const whole = [0, 1, -1, 2 ** 31, -(2 ** 31), Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]
    for (const value of [...whole, ...whole.map(BigInt), true, false, -0]) {
      const text = String(Number(value))
      const [stored, made] = await fenced(
        { sql: 'INSERT INTO t VALUES (?1, ?1) RETURNING text, typeof(number) AS type', parameters: [value] },
        { sql: 'SELECT typeof(?1) AS type, json_array(?1) AS json, ?1 || ? AS joined', parameters: [value, ''] },
      )
      assert.deepEqual({ ...stored?.[0] }, { text, type: 'integer' })
      assert.deepEqual({ ...made?.[0] }, { type: 'integer', json: `[${text}]`, joined: text })
    }
    for (const value of [0.5, -1.5, 2 ** 53, 2 ** 60, 1e300, Number.MIN_VALUE]) {
      const [rows] = await fenced({ sql: 'SELECT typeof(?) AS type, ? = ? AS same', parameters: [value, value, value] })
      assert.deepEqual({ ...rows?.[0] }, { type: 'real', same: 1 }, String(value))
    }
  })

  check('a number is compared with a column of text as text, and by its index', async (world) => {
    const fenced = await fencedIn(world)
    await fenced({ sql: 'CREATE TABLE t (text TEXT PRIMARY KEY)' }, { sql: "INSERT INTO t VALUES ('7'), ('07')" })
    for (const value of [7, 7n]) {
      const where = { sql: 'SELECT text FROM t WHERE text = ?', parameters: [value] }
      const [found, plan] = await fenced(where, { ...where, sql: `EXPLAIN QUERY PLAN ${where.sql}` })
      assert.deepEqual(
        found?.map(({ text }) => text),
        ['7'],
      )
      assert.match(String(plan?.[0]?.detail), /^SEARCH /)
    }
  })

  check('a parameter that cannot be sent safely is refused before anything runs', async (world) => {
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

  check('the number of parameters must match', async (world) => {
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

  check('text that only looks like several statements is accepted', async (world) => {
    const fenced = await fencedIn(world)
    for (const [sql, parameters, row] of SINGLE) {
      const [rows] = await fenced({ sql, parameters })
      assert.deepEqual({ ...rows?.[0] }, row, sql)
    }
  })

  check('a trigger is one statement, although its body holds several', async (world) => {
    const fenced = await fencedIn(world)
    await fenced({ sql: 'CREATE TABLE t (a)' })
    for (const sql of TRIGGERS) await fenced({ sql })
    await fenced({ sql: 'INSERT INTO t VALUES (5), (2)' })
    assert.deepEqual(
      (await world.rows('SELECT a FROM t')).map(({ a }) => a),
      [3],
      'they do what they say',
    )
  })

  check('no text of a statement ends the transaction it is in', async (world) => {
    const fenced = await fencedIn(world)
    await fenced({ sql: 'CREATE TABLE t (a)' })
    const trigger = fc.constantFrom(...TRIGGERS.map((sql) => sql.replace(/;\s*$/, '')))
    const space = fc.constantFrom(
      ' ',
      '\n',
      '\t',
      '\f',
      '\r',
      '\v',
      '\uFEFF',
      '/**/',
      '--\n',
      '\u00A0',
      '\u200B',
      '\u2028',
    )
    const other = fc.constantFrom(
      ';',
      '; ',
      "'",
      '"',
      '`',
      '[',
      ']',
      '/*',
      '*/',
      '--',
      '-',
      '$',
      'x',
      '1',
      'END',
      'CASE',
    )
    const word = fc.constantFrom('COMMIT', 'commit', 'ROLLBACK', 'END', 'EXPLAIN', 'BEGIN', 'RELEASE x', 'SELECT 1')
    const insert = fc.constant('INSERT INTO t VALUES (2)')
    const piece = fc.oneof(
      { weight: 4, arbitrary: space },
      { weight: 3, arbitrary: other },
      { weight: 3, arbitrary: word },
      { weight: 3, arbitrary: insert },
      { weight: 1, arbitrary: trigger },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 0xd7ff }).map((code) => String.fromCharCode(code)) },
    )
    // Half of them hide a keyword on purpose.
    const hidden = fc
      .tuple(fc.array(fc.oneof(space, fc.constant('\uFEFF')), { maxLength: 2 }), word)
      .map(([before, last]) => [...before, last])
    const start = fc.oneof(hidden, fc.constant([]))
    const text = fc.tuple(start, fc.oneof(fc.constant([]), fc.array(piece, { maxLength: 8 })))
    await forAll(text, 600, async ([first, rest]) => {
      const sql = [...first, ...rest].join('')
      const error = await fenced(
        { sql: 'INSERT INTO t VALUES (1)' },
        { sql },
        { sql: 'INSERT INTO gone VALUES (1)' },
      ).then(
        () => assert.fail('the last statement cannot succeed'),
        (reason: unknown) => reason as { code?: unknown },
      )
      assert.ok(['INVALID_ARGUMENT', 'SQL'].includes(String(error.code)), `${JSON.stringify(sql)}: ${String(error)}`)
      assert.deepEqual(await world.rows('SELECT a FROM t'), [], JSON.stringify(sql))
    })
  })

  check('a text is run as a whole or refused, with any characters between its statements', async (world) => {
    const fenced = await fencedIn(world)
    await fenced({ sql: 'CREATE TABLE t (a)' })
    const noise = fc.array(fc.constantFrom(' ', '\n', '\t', '\f', '\r', '\uFEFF', '/*;*/', '--;\n'), { maxLength: 3 })
    const statement = fc.constantFrom(...SINGLE_OF_T, ...TRIGGERS.map((sql) => sql.replace(/[; ]*$/, '')))
    const part = fc.record({ before: noise, statement, after: noise })
    const parts = fc.array(part, { minLength: 1, maxLength: 3 })
    await forAll(fc.tuple(parts, fc.boolean()), 200, async ([parts, closed]) => {
      const texts = parts.map(({ before, statement, after }) => `${before.join('')}${statement}\n${after.join('')}`)
      const sql = texts.join(';') + (closed ? ';' : '')
      for (const name of ['one', 'two', 'three', 'fo;ur', 'five'])
        await fenced({ sql: `DROP TRIGGER IF EXISTS "${name}"` })
      if (texts.length === 1) await fenced({ sql })
      else await refuses(() => fenced({ sql }), { code: 'INVALID_ARGUMENT', says: ['several'] })
    })
  })

  check('an argument that is not a statement is refused', async (world) => {
    const fenced = await fencedIn(world)
    for (const sql of ['', ' ; ', '-- nothing', '/* nothing', 'SELECT 1\0', "SELECT '\ud800'", 7 as never]) {
      await refuses(() => fenced({ sql }), { code: 'INVALID_ARGUMENT', says: ['sql'] })
    }
    await refuses(() => fenced(null as never), { code: 'INVALID_ARGUMENT', says: ['statements[0]', 'got null'] })
    await refuses(() => fenced({ sql: 'SELECT 1', parameters: 'x' as never }), {
      code: 'INVALID_ARGUMENT',
      says: ['statements[0].parameters must be an array, got "x"'],
    })
    const adapter = await world.adapter({ locks: 'database' })
    const handle = await adapter.lock.acquire('another', 1_000)
    await refuses(() => adapter.fenced(handle as never, 'SELECT 1' as never), {
      code: 'INVALID_ARGUMENT',
      says: ['an array of statements, got "SELECT 1"'],
    })
    await refuses(() => adapter.fenced(Promise.resolve(handle) as never, []), {
      code: 'INVALID_ARGUMENT',
      says: ['lock handle', 'got a promise that was not awaited'],
    })
    const none = await adapter.lock.acquire('another', 1_000)
    await refuses(() => adapter.fenced(none as never, [{ sql: 'SELECT 1' }]), {
      code: 'INVALID_ARGUMENT',
      says: ['lock handle', 'got null: another caller holds the lock'],
    })
  })
})
