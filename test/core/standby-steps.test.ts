import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { copyAnew } from '../../packages/shared/src/dialects/sqlite/standby/full-copy.js'
import { readPosition } from '../../packages/shared/src/dialects/sqlite/standby/position.js'
import { promote } from '../../packages/shared/src/dialects/sqlite/standby/promote.js'
import type { Sql } from '../../packages/shared/src/dialects/sqlite/standby/sql.js'
import { StandbyPair } from './standby-pair.js'

const TTL = 60_000

let pair: StandbyPair
beforeEach(async () => {
  pair = await StandbyPair.make()
  await pair.follower.begin()
})
afterEach(() => pair.dispose())

/** Returns the text of each object except those of the change log; a standby must have no triggers. */
const ours = (database: typeof pair.source) =>
  database
    .prepare(
      `SELECT type, name, sql FROM main.sqlite_master
WHERE name NOT GLOB 'go_goscope_log_*' AND name NOT IN ('go_goscope_changes', 'go_goscope_followers') ORDER BY name`,
    )
    .all()

/** Makes changes for which a round needs all its statements: in several tables, and with a row without a key. */
async function change(): Promise<void> {
  await pair.adapter.cache.set('k', 1)
  await pair.adapter.lock.acquire('l', TTL)
  await pair.adapter.idempotency.claim('c', { lease: TTL })
  pair.source.exec("INSERT INTO go_goscope_cache (key, value) VALUES (NULL, 'x')")
}

/**
 * Repeats `work` until it succeeds. Each time another one of its statements fails, and the engine recovers the standby as after
 * the death of the process.
 *
 * @param look called after each failure
 * @returns the number of failures.
 */
async function failAtEach(work: () => Promise<unknown>, look: () => void): Promise<number> {
  for (let failures = 0; ; failures++) {
    let sent = 0
    pair.before = (sql) => {
      if (sql !== 'ROLLBACK' && sent++ === failures) throw new Error('the process died here')
    }
    try {
      await work()
      return failures
    } catch (error) {
      expect(String(error)).toContain('the process died here')
    } finally {
      pair.before = () => undefined
    }
    look()
  }
}

/** The standby's connection with a planted bug: the position is written after the commit. */
const withPositionOutside: Sql = {
  async query(text, parameters) {
    if (text.startsWith('UPDATE main.go_goscope_standby')) {
      late = () => pair.sql.query(text, parameters)
      return []
    }
    const rows = await pair.sql.query(text, parameters)
    if (text === 'COMMIT') await late()
    return rows
  },
}
let late: () => Promise<unknown> = async () => undefined

describe('a standby whose process dies at any statement', () => {
  test('of a round has its former content and position', async () => {
    await change()
    const before = pair.dump(pair.standby)
    expect(
      await failAtEach(
        () => pair.round(),
        () => expect(pair.dump(pair.standby)).toBe(before),
      ),
    ).toBeGreaterThan(15)
    expect((await pair.positionNow()).seq).toBe(await pair.follower.head())
  })

  test('differs if the position is written outside of the transaction (control)', async () => {
    await change()
    const before = pair.dump(pair.standby)
    let seen = 0
    await failAtEach(
      () => pair.round(undefined, withPositionOutside),
      () => {
        if (pair.dump(pair.standby) !== before) seen++
      },
    )
    expect(seen).toBeGreaterThan(0)
  })

  test('of a full copy has its former content', async () => {
    await change()
    const before = pair.dump(pair.standby)
    const { follower, cookie } = await pair.positionNow()
    const failures = await failAtEach(
      () => copyAnew(pair.sql, follower, cookie),
      () => expect(pair.dump(pair.standby)).toBe(before),
    )
    expect(failures).toBeGreaterThan(40)
  })

  test('of a takeover is still a standby', async () => {
    await change()
    await pair.round()
    const before = pair.dump(pair.standby)
    const failures = await failAtEach(
      () => promote(pair.sql, Date.now()),
      () => expect(pair.dump(pair.standby)).toBe(before),
    )
    expect(failures).toBeGreaterThan(15)
    await expect(readPosition(pair.sql)).rejects.toMatchObject({ code: 'FILE_EXISTS' })
    expect(ours(pair.standby)).toEqual(ours(pair.source))
  })
})

test('a round scans no table with more than one row', async () => {
  await change()
  const sent = new Set<string>()
  pair.before = (sql) => void sent.add(sql)
  await pair.round()
  pair.before = () => undefined
  const plans = [...sent]
    .filter((sql) => /^(SELECT|INSERT|DELETE|UPDATE)\b/.test(sql) && /go_goscope_/.test(sql))
    .flatMap((sql) => pair.standby.prepare(`EXPLAIN QUERY PLAN ${sql}`).all() as { detail: string }[])
    .map(({ detail }) => detail)
  const scanned = plans.flatMap((detail) => /^SCAN (?:main\.|source\.)?(\w+)/.exec(detail)?.[1] ?? [])
  const ofOneRow =
    /^(go_goscope_(lock_counter|claim_clock|lease_time|standby)|sqlite_(master|sequence|schema)|pragma_\w+|CONSTANT|columns|indexes|tables)$/
  expect(scanned.filter((table) => !ofOneRow.test(table))).toEqual([])
  expect(plans.filter((detail) => /^SEARCH .*go_goscope_cache/.test(detail)).length).toBeGreaterThan(1)
})

test('a table that is created between the change log and the copy is followed', async () => {
  const table = 'CREATE TABLE late (key TEXT PRIMARY KEY, value TEXT NOT NULL, expires_at INTEGER)'
  const index = 'CREATE INDEX go_goscope_expires_of_late ON late (expires_at)'
  // The first round only finds the reason for a copy.
  let begun = 0
  pair.before = (sql) => {
    if (sql.startsWith('BEGIN') && ++begun === 2) pair.source.exec(`${table}; ${index}`)
  }
  // A change of the schema forces a new copy.
  pair.source.exec('CREATE TABLE something (id)')
  await pair.follower.round()
  expect(begun).toBe(2)
  for (let round = 0; round < 3; round++) await pair.follower.round()
  pair.source.exec("INSERT INTO late VALUES ('k', 'v', NULL)")
  await pair.follower.round()
  expect(pair.standby.prepare('SELECT key FROM main.late').all()).toHaveLength(1)
  expect((await pair.follower.verify()).equal).toBe(true)
})

test('the removal of a row replaced through an index with another collation is logged', async () => {
  pair.source.exec('CREATE UNIQUE INDEX values_once ON go_goscope_cache (value COLLATE NOCASE)')
  pair.source.exec("INSERT INTO go_goscope_cache (key, value) VALUES ('1', 'A')")
  await pair.follower.round()
  await pair.follower.round()
  pair.source.exec("INSERT OR REPLACE INTO go_goscope_cache (key, value) VALUES ('2', 'a')")
  await pair.follower.round()
  expect(pair.state.current).toMatchObject({ state: 'following' })
  expect((await pair.follower.verify()).equal).toBe(true)
})

test('a first copy that fails leaves nothing in the source', async () => {
  const other = await StandbyPair.make()
  other.before = (sql) => {
    if (sql.startsWith('INSERT INTO main."go_goscope_cache"')) throw new Error('the disk is full')
  }
  await expect(other.follower.begin()).rejects.toThrow('the disk is full')
  const left = other.source.prepare(
    "SELECT name FROM sqlite_master WHERE name GLOB 'go_goscope_log_*' OR name = 'go_goscope_changes'",
  )
  expect(left.all()).toEqual([])
  await other.dispose()
})

test('a copy whose counters do not jump grants a token twice, and one whose counters jump does not', async () => {
  const at = (database: typeof pair.source) =>
    (database.prepare('SELECT token FROM main.go_goscope_lock_counter').get() as { token: number }).token
  await pair.adapter.lock.acquire('job', TTL)
  await pair.round()
  const plain = at(pair.standby) + 1
  const later = await pair.adapter.lock.acquire('another job', TTL)
  expect(plain, 'the next token of the copy as it is').toBe(later?.token)
  await promote(pair.sql, Date.now())
  expect(at(pair.standby)).toBeGreaterThan((later?.token ?? 0) + 2 ** 31)
})
