import assert from 'node:assert/strict'
import { join } from 'node:path'
import fc from 'fast-check'
import type { AdapterUnderTest, StandbyUnderTest } from '../engine-under-test.js'
import { followedContents, sha256Of } from '../followed-contents.js'
import { followedSource } from '../followed-source.js'
import { forAll } from '../property.js'
import { type EngineSuite, engineSuite } from '../suite.js'
import type { World } from '../world.js'

const RUNS = 4
const TTL = 60_000

/** One action on the source or on the standby. */
type Move = (history: History) => Promise<unknown>

/** A source and its standby in the middle of a random history. */
class History {
  readonly world: World
  readonly adapter: AdapterUnderTest
  readonly target: string
  standby: StandbyUnderTest

  constructor(world: World, adapter: AdapterUnderTest, target: string, standby: StandbyUnderTest) {
    this.world = world
    this.adapter = adapter
    this.target = target
    this.standby = standby
  }

  /** Runs SQL without an adapter; a statement that a constraint refuses changes nothing. */
  async raw(sql: string, parameters: (string | number | null)[]): Promise<void> {
    await this.world.rows(sql, parameters).catch((error: Error) => assert.match(error.message, /constraint/i))
  }
}

const key = fc.constantFrom('a', 'b', 'c', 'd')
const number = fc.integer({ min: 1, max: 4 })
const conflict = fc.constantFrom('', 'OR REPLACE', 'OR IGNORE')

const byAdapter: fc.Arbitrary<Move> = fc.oneof(
  key.map(
    (name) =>
      ({ adapter }: History) =>
        adapter.cache.set(name, name.repeat(3), TTL),
  ),
  key.map(
    (name) =>
      ({ adapter }: History) =>
        adapter.cache.delete(name),
  ),
  fc.constant(({ adapter }: History) => adapter.cache.clear()),
  key.map(
    (name) =>
      ({ adapter }: History) =>
        adapter.lock.acquire(name, TTL),
  ),
  key.map(
    (name) =>
      ({ adapter }: History) =>
        adapter.lock.forceRelease(name),
  ),
  key.map(
    (name) =>
      ({ adapter }: History) =>
        adapter.circuitBreaker.recordFailure(name, 2),
  ),
  key.map(
    (name) =>
      ({ adapter }: History) =>
        adapter.idempotency.claim(name, { lease: TTL }),
  ),
  key.map(
    (name) =>
      ({ adapter }: History) =>
        adapter.idempotency.set(name, name),
  ),
  fc.tuple(key, number).map(
    ([task, sequence]) =>
      ({ adapter }: History) =>
        adapter.checkpoint.save({
          id: `${task}${sequence}`,
          taskId: task,
          sequence,
          timestamp: 0,
          progress: 0,
          data: {},
        }),
  ),
  key.map(
    (task) =>
      ({ adapter }: History) =>
        adapter.checkpoint.cleanup(task, 1),
  ),
  fc.constant(async ({ adapter, world }: History) => {
    world.clock.advance(TTL)
    return adapter.prune()
  }),
)

// Values that adapters never write and other programs may.
const VALUES = ['NULL', "'text'", "x'00ff'", '9223372036854775807', '1.5', "'nul' || char(0) || 'after'"]
const KEYS = ['NULL', "'a'", "'cache:b'", "x'6100'", "'cache:c'"]

const bySql: fc.Arbitrary<Move> = fc.oneof(
  fc.tuple(conflict, fc.constantFrom(...KEYS), fc.constantFrom(...VALUES)).map(
    ([or, name, value]) =>
      (history: History) =>
        history.raw(`INSERT ${or} INTO go_goscope_cache (key, value) VALUES (${name}, ${value})`, []),
  ),
  fc.tuple(conflict, fc.constantFrom(...KEYS), fc.constantFrom(...KEYS)).map(
    ([or, to, from]) =>
      (history: History) =>
        history.raw(`UPDATE ${or} go_goscope_cache SET key = ${to} WHERE key IS ${from}`, []),
  ),
  fc
    .constantFrom(...KEYS)
    .map((name) => (history: History) => history.raw(`DELETE FROM go_goscope_cache WHERE key IS ${name}`, [])),
  // The rowid is a hidden key.
  fc.tuple(conflict, number, key).map(
    ([or, row, name]) =>
      (history: History) =>
        history.raw(`INSERT ${or} INTO go_goscope_cache (rowid, key, value) VALUES (?1, ?2, 'raw')`, [row, name]),
  ),
  fc.tuple(conflict, key, number, key).map(
    ([or, from, to, name]) =>
      (history: History) =>
        history.raw(`UPDATE ${or} go_goscope_cache SET rowid = ?2, key = ?3 WHERE key = ?1`, [from, to, name]),
  ),
  // A row with two keys: each can displace a row.
  fc.tuple(conflict, number, key).map(
    ([or, generation, name]) =>
      (history: History) =>
        history.raw(
          `INSERT ${or} INTO go_goscope_claims (generation, key, owner, granted_at, expires_at) VALUES (?1, ?2, 'raw', 1, 2)`,
          [generation, name],
        ),
  ),
  fc.tuple(conflict, number, number, key).map(
    ([or, from, to, name]) =>
      (history: History) =>
        history.raw(`UPDATE ${or} go_goscope_claims SET generation = ?2, key = ?3 WHERE generation = ?1`, [
          from,
          to,
          name,
        ]),
  ),
  key.map((name) => (history: History) => history.raw('DELETE FROM go_goscope_claims WHERE key = ?1', [name])),
  fc.constant((history: History) => history.raw('UPDATE go_goscope_lock_counter SET clock = clock + 1', [])),
  fc.constant((history: History) => history.raw('DELETE FROM go_goscope_locks', [])),
)

const byStandby: fc.Arbitrary<Move> = fc.oneof(
  { arbitrary: fc.constant(({ standby }: History) => standby.waitFor()), weight: 6 },
  {
    arbitrary: fc.constant(async (history: History) => {
      await history.standby.stop()
      history.standby = await history.world.follow({ target: history.target })
    }),
    weight: 1,
  },
)

const moves: fc.Arbitrary<Move[]> = fc.array(
  fc.oneof({ arbitrary: byAdapter, weight: 5 }, { arbitrary: bySql, weight: 5 }, { arbitrary: byStandby, weight: 2 }),
  { minLength: 10, maxLength: 40 },
)

const CLAIM = '(generation, key, owner, granted_at, expires_at) VALUES'

/** Cases that are easy to miss, each with the content before the round: its first statement, then the others. */
const EASY_TO_MISS: readonly (readonly [what: string, before: string, ...after: string[]])[] = [
  [
    'a row that another one takes out of the way by the rowid',
    "INSERT INTO go_goscope_cache (rowid, key, value) VALUES (900, 'out', 'x')",
    "INSERT OR REPLACE INTO go_goscope_cache (rowid, key, value) VALUES (900, 'in', 'y')",
  ],
  [
    'a row that another one takes out of the way by its rowid and is gone again itself',
    "INSERT INTO go_goscope_cache (rowid, key, value) VALUES (901, 'out too', 'x')",
    "INSERT OR REPLACE INTO go_goscope_cache (rowid, key, value) VALUES (901, 'in too', 'y')",
    "DELETE FROM go_goscope_cache WHERE key = 'in too'",
  ],
  [
    'a row that another one takes out of the way by its key and is gone again itself',
    "INSERT INTO go_goscope_cache (key, value) VALUES ('twice', 'x')",
    "INSERT OR REPLACE INTO go_goscope_cache (rowid, key, value) VALUES (902, 'twice', 'y')",
    'DELETE FROM go_goscope_cache WHERE rowid = 902',
  ],
  [
    'a row that takes two others out of the way by its new rowid and its new key, and is gone again',
    "INSERT INTO go_goscope_cache (rowid, key, value) VALUES (903, 'from', 'x'), (904, 'by rowid', 'x'), (905, 'by key', 'x')",
    "UPDATE OR REPLACE go_goscope_cache SET _rowid_ = 904, key = 'by key' WHERE key = 'from'",
    'DELETE FROM go_goscope_cache WHERE rowid = 904',
  ],
  [
    'rows that change their rowids',
    "INSERT INTO go_goscope_cache (rowid, key, value) VALUES (906, 'one', 'x'), (907, 'two', 'x')",
    'UPDATE go_goscope_cache SET OID = -1 WHERE rowid = 906',
    'UPDATE go_goscope_cache SET rowid = 906 WHERE rowid = 907',
    'DELETE FROM go_goscope_cache WHERE rowid = -1',
  ],
  [
    'one that is gone again at the end of the round',
    `INSERT INTO go_goscope_claims ${CLAIM} (8, 'one', 'me', 1, 2), (9, 'two', 'me', 1, 2)`,
    `INSERT OR REPLACE INTO go_goscope_claims ${CLAIM} (10, 'one', 'me', 1, 2)`,
    "DELETE FROM go_goscope_claims WHERE key = 'one'",
  ],
  [
    'a row that is moved over two others',
    `INSERT INTO go_goscope_claims ${CLAIM} (11, 'a', 'me', 1, 2), (12, 'b', 'me', 1, 2), (13, 'c', 'me', 1, 2)`,
    "UPDATE OR REPLACE go_goscope_claims SET generation = 12, key = 'c' WHERE generation = 11",
    'DELETE FROM go_goscope_claims WHERE generation = 12',
  ],
  [
    'one of several rows without a key',
    "INSERT INTO go_goscope_cache (key, value) VALUES (NULL, 'x'), (NULL, 'x'), (NULL, 'y')",
    "DELETE FROM go_goscope_cache WHERE rowid = (SELECT max(rowid) FROM go_goscope_cache WHERE key IS NULL AND value = 'x')",
  ],
  [
    'a row that gets another key',
    "INSERT INTO go_goscope_cache (key, value) VALUES ('old', 'x')",
    "UPDATE go_goscope_cache SET key = 'new' WHERE key = 'old'",
  ],
  ['a counter that moves alone', 'SELECT 1', 'UPDATE go_goscope_lock_counter SET clock = clock + 1'],
  [
    'a number that was given to a row that is gone',
    'SELECT 1',
    `INSERT INTO go_goscope_claims ${CLAIM} (100, 'x', 'me', 1, 2)`,
    "DELETE FROM go_goscope_claims WHERE key = 'x'",
  ],
  ['every row at once', "INSERT INTO go_goscope_cache (key, value) VALUES ('last', 1)", 'DELETE FROM go_goscope_cache'],
]

export const standbyHistories: EngineSuite = engineSuite('a standby after any history', (check) => {
  check.oncePerBuild('has what is easy to miss', async (world) => {
    await followedSource(world)
    const target = join(world.folder, 'standby.db')
    const standby = await world.follow({ target, every: 60_000 })
    for (const [what, before, ...after] of EASY_TO_MISS) {
      await world.rows(before)
      await standby.waitFor()
      for (const sql of after) await world.rows(sql)
      await standby.waitFor()
      assert.equal((await standby.verify()).equal, true, what)
    }
    assert.equal(standby.reason, undefined, 'nothing was copied anew')
    await standby.stop()
    assert.deepEqual(await followedContents(world.engine, target), await followedContents(world.engine, world.path))
  })

  check.oncePerBuild(
    'has every cell of its source',
    async (world) => {
      const adapter = await followedSource(world, { locks: 'database' })
      let runs = 0
      await forAll(moves, RUNS, async (history) => {
        const target = join(world.folder, `standby-${++runs}.db`)
        const state = new History(world, adapter, target, await world.follow({ target }))
        for (const move of history) await move(state)
        await state.standby.waitFor()
        const { equal } = await state.standby.verify()
        await state.standby.stop()
        const [there, here] = [
          await followedContents(world.engine, world.path),
          await followedContents(world.engine, target),
        ]
        if (sha256Of(here) !== sha256Of(there)) assert.deepEqual(here, there)
        assert.equal(equal, true, 'verify() has found a difference that there is not')
        assert.notEqual(state.standby.reason, 'diverged')
      })
    },
    120_000,
  )
})
