import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { followedTables } from '../../packages/shared/src/dialects/sqlite/standby/followed-tables.js'
import { copyAnew } from '../../packages/shared/src/dialects/sqlite/standby/full-copy.js'
import type { Position } from '../../packages/shared/src/dialects/sqlite/standby/position.js'
import { StandbyPair } from './standby-pair.js'

let pair: StandbyPair
beforeEach(async () => {
  pair = await StandbyPair.make()
  await pair.follower.begin()
})
afterEach(() => pair.dispose())

describe('the change log without one of its triggers', () => {
  /** Removes a trigger so that the standby sees no change of the schema. */
  async function without(trigger: string): Promise<Position> {
    pair.source.exec(`DROP TRIGGER ${trigger}`)
    const { schema_version: cookie } = pair.source.prepare('PRAGMA schema_version').get() as { schema_version: number }
    return { ...(await pair.positionNow()), cookie }
  }

  /** Adds a claim that displaces another one by its generation. */
  async function displace(): Promise<void> {
    const insert = 'INSERT OR REPLACE INTO go_goscope_claims (generation, key, owner, granted_at, expires_at)'
    pair.source.exec(`${insert} VALUES (1, 'one', 'me', 1, 2); ${insert} VALUES (2, 'two', 'me', 1, 2)`)
    await pair.round({ ...(await pair.positionNow()), cookie: cookieOf() })
    pair.source.exec(`${insert} VALUES (3, 'one', 'me', 1, 2); DELETE FROM go_goscope_claims WHERE key = 'one'`)
  }

  const cookieOf = () =>
    (pair.source.prepare('PRAGMA schema_version').get() as { schema_version: number }).schema_version
  const claims = (database: typeof pair.source) => database.prepare('SELECT * FROM main.go_goscope_claims').all()

  test('is complete while all triggers exist', async () => {
    await displace()
    await pair.round()
    expect(claims(pair.standby)).toEqual(claims(pair.source))
    expect((await pair.follower.verify()).equal).toBe(true)
  })

  test('misses the removal of a replaced row without the trigger for it (control)', async () => {
    const position = await without('go_goscope_log_displaced_by_insert_go_goscope_claims')
    await displace()
    await pair.round({ ...(await pair.positionNow()), cookie: position.cookie })
    expect(claims(pair.standby)).not.toEqual(claims(pair.source))
  })

  const missed: readonly (readonly [trigger: string, sql: string])[] = [
    ['inserted', "INSERT INTO go_goscope_cache (key, value) VALUES ('new', 'x')"],
    ['updated', "UPDATE go_goscope_cache SET value = 'y'"],
    [
      'rekeyed',
      "UPDATE go_goscope_cache SET rowid = 70 WHERE key = 'k'; DELETE FROM go_goscope_cache WHERE rowid = 70",
    ],
    [
      'rekeyed',
      "UPDATE OR REPLACE go_goscope_cache SET key = 'other' WHERE key = 'k'; DELETE FROM go_goscope_cache WHERE key = 'other'",
    ],
    ['deleted', 'DELETE FROM go_goscope_cache'],
  ]
  for (const [trigger, sql] of missed) {
    test(`${trigger} misses what it has with all of them: ${sql}`, async () => {
      pair.source.exec("INSERT INTO go_goscope_cache (rowid, key, value) VALUES (7, 'k', 'x'), (8, 'other', 'x')")
      await pair.round()
      pair.source.exec(sql)
      await pair.round()
      expect(cached(pair.standby)).toEqual(cached(pair.source))
      pair.source.exec(
        "DELETE FROM go_goscope_cache; INSERT INTO go_goscope_cache (rowid, key, value) VALUES (7, 'k', 'x'), (8, 'other', 'x')",
      )
      await pair.round()
      const { cookie } = await without(`go_goscope_log_${trigger}_go_goscope_cache`)
      pair.source.exec(`${sql}; INSERT INTO go_goscope_meta (key, value) VALUES ('something', 'else')`)
      await pair.round({ ...(await pair.positionNow()), cookie })
      expect(cached(pair.standby)).not.toEqual(cached(pair.source))
    })
  }
})

const cached = (database: typeof pair.source) =>
  database.prepare('SELECT rowid, key, value FROM main.go_goscope_cache ORDER BY rowid').all()

describe('rows keep their rowids, by which the change log identifies them', () => {
  const rows = "INSERT INTO go_goscope_cache (rowid, key, value) VALUES (5, 'a', '1'), (3, 'b', '2'), (-9, 'c', '3')"

  test('in a full copy, also where the engine copies row by row', async () => {
    pair.source.exec(rows)
    const { follower, cookie } = await pair.positionNow()
    for (const countChanges of [0, 1]) {
      // With it SQLite does not copy whole pages.
      pair.standby.exec(`PRAGMA count_changes = ${countChanges}`)
      await copyAnew(pair.sql, follower, cookie)
      expect(cached(pair.standby)).toEqual(cached(pair.source))
    }
  })

  test('also in a table with a column that has the name rowid', async () => {
    pair.source.exec('ALTER TABLE go_goscope_cache ADD COLUMN rowid TEXT')
    await pair.follower.round()
    await pair.follower.round()
    pair.source.exec("INSERT INTO go_goscope_cache (oid, key, value) VALUES (5, 'a', '1')")
    await pair.follower.round()
    pair.source.exec("UPDATE go_goscope_cache SET value = '2'")
    await pair.follower.round()
    expect(pair.state.current).toMatchObject({ state: 'following' })
    expect((await pair.follower.verify()).equal).toBe(true)
  })

  test('and a table that hides all names of the rowid is not followed', async () => {
    for (const name of ['rowid', 'oid', '_rowid_']) pair.source.exec(`ALTER TABLE go_goscope_cache ADD COLUMN ${name}`)
    await expect(followedTables(pair.sql, 'source')).rejects.toMatchObject({ code: 'SCHEMA_NEWER' })
  })
})

test('verify() finds a row with another rowid, which the next change would miss', async () => {
  pair.source.exec("INSERT INTO go_goscope_cache (rowid, key, value) VALUES (1, 'k', 'x')")
  await pair.follower.round()
  pair.standby.exec('UPDATE main.go_goscope_cache SET rowid = 2')
  expect((await pair.follower.verify()).equal).toBe(false)
})

test('a trigger of the app that raises IGNORE after those of the change log loses no change', async () => {
  pair.source.exec(
    'CREATE TRIGGER last_word AFTER INSERT ON go_goscope_cache BEGIN SELECT RAISE(IGNORE); END; CREATE TABLE other (id)',
  )
  await pair.follower.round()
  await pair.follower.round()
  const { reason } = pair.state.current
  pair.source.exec("INSERT INTO go_goscope_cache (key, value) VALUES ('k', 'x')")
  await pair.follower.round()
  expect(cached(pair.standby)).toHaveLength(1)
  // Its triggers are the latest ones now, and remain.
  const made = pair.source.prepare('PRAGMA schema_version').get()
  pair.source.exec("CREATE VIEW more AS SELECT 1; INSERT INTO go_goscope_cache (key, value) VALUES ('l', 'x')")
  for (let round = 0; round < 3; round++) await pair.follower.round()
  expect(pair.source.prepare('PRAGMA schema_version').get()).toEqual({
    schema_version: Number(made?.schema_version) + 1,
  })
  expect(pair.state.current).toMatchObject({ state: 'following', reason })
})

describe('a primary key that is not what its column is', () => {
  const tables: readonly (readonly [what: string, definition: string, before: string, ...after: string[]])[] = [
    [
      'compares more strictly than its column',
      '(key TEXT COLLATE NOCASE, value, PRIMARY KEY (key COLLATE BINARY))',
      "INSERT INTO go_goscope_cache VALUES ('a', 'x')",
      "INSERT INTO go_goscope_cache VALUES ('A', 'x')",
    ],
    [
      'compares less strictly than its column',
      '(key TEXT, value, PRIMARY KEY (key COLLATE NOCASE))',
      "INSERT INTO go_goscope_cache (rowid, key, value) VALUES (1, 'a', 'x')",
      "INSERT OR REPLACE INTO go_goscope_cache (rowid, key, value) VALUES (2, 'A', 'x')",
      "DELETE FROM go_goscope_cache WHERE key = 'A'",
    ],
    [
      'is of integers, and no alias of the rowid',
      '(key INTEGER PRIMARY KEY DESC, value)',
      "INSERT INTO go_goscope_cache (rowid, key, value) VALUES (1, 10, 'x')",
      "INSERT OR REPLACE INTO go_goscope_cache (rowid, key, value) VALUES (1, 20, 'x')",
    ],
    [
      'compares less strictly than its column, without rowids',
      '(key TEXT, value, PRIMARY KEY (key COLLATE NOCASE)) WITHOUT ROWID',
      "INSERT INTO go_goscope_cache VALUES ('a', 'x')",
      "INSERT OR REPLACE INTO go_goscope_cache VALUES ('A', 'x')",
      "DELETE FROM go_goscope_cache WHERE key = 'A'",
    ],
    [
      'compares more strictly than its column, without rowids and with a further key',
      '(key TEXT COLLATE NOCASE, value UNIQUE, PRIMARY KEY (key COLLATE BINARY)) WITHOUT ROWID',
      "INSERT INTO go_goscope_cache VALUES ('a', 'x'), ('A', 'y')",
      "UPDATE OR REPLACE go_goscope_cache SET value = 'y' WHERE value = 'x'",
    ],
  ]
  for (const [what, definition, before, ...after] of tables) {
    test(what, async () => {
      pair.source.exec(`DROP TABLE go_goscope_cache; CREATE TABLE go_goscope_cache ${definition}; ${before}`)
      await pair.follower.round()
      await pair.follower.round()
      pair.source.exec(after.join(';'))
      await pair.follower.round()
      expect(pair.state.current).toMatchObject({ state: 'following' })
      expect((await pair.follower.verify()).equal).toBe(true)
    })
  }
})

test('the removal of a replaced row with rowid -1 is logged', async () => {
  pair.source.exec("INSERT INTO go_goscope_cache (rowid, key, value) VALUES (-1, 'old', '1')")
  await pair.follower.round()
  pair.source.exec("INSERT OR REPLACE INTO go_goscope_cache (rowid, key, value) VALUES (-1, 'new', '1')")
  await pair.follower.round()
  expect(pair.state.current.reason).toBeUndefined()
  expect((await pair.follower.verify()).equal).toBe(true)
})

test('the change log is bounded, and a follower that is further behind is dropped and copies again', async () => {
  await pair.adapter.cache.set('k', 1)
  // As if many changes were logged meanwhile: the next one triggers the check of the log's size.
  pair.source.exec(`INSERT INTO go_goscope_changes (seq, tbl) VALUES (${4_096 * 200 - 1}, 'go_goscope_cache')`)
  await pair.adapter.cache.set('k', 2)
  const { first } = pair.source.prepare('SELECT min(seq) AS first FROM go_goscope_changes').get() as { first: number }
  expect(first).toBeGreaterThan(300_000)
  expect(pair.source.prepare('SELECT * FROM go_goscope_followers').all()).toEqual([])
  for (let round = 0; round < 3; round++) await pair.follower.round()
  expect(pair.state.current).toMatchObject({ state: 'following', reason: expect.stringMatching(/log begins/) })
  expect((await pair.follower.verify()).equal).toBe(true)
  expect(pair.source.prepare('SELECT * FROM go_goscope_followers').all()).toHaveLength(1)
})
