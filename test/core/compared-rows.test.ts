import { afterEach, beforeEach, expect, test } from 'vitest'
import { StandbyPair } from './standby-pair.js'

let pair: StandbyPair
beforeEach(async () => {
  pair = await StandbyPair.make()
})
afterEach(() => pair.dispose())

// As hex, a page of the longest values would have several GB.
test('a comparison of both sides reads no more than a few MiB of values at once', async () => {
  const long = 'x'.repeat(3 * 1024 * 1024)
  for (const [key, value] of Object.entries({ a: 1, b: long, c: long, d: 1, e: 1, f: long, g: long, h: 1 }))
    await pair.adapter.cache.set(key, value)
  await pair.follower.begin()
  const parts: string[] = []
  pair.before = (sql) => {
    const [, part] = /AS cells FROM source\.\W?go_goscope_cache.* LIMIT (.*)/.exec(sql) ?? []
    if (part !== undefined) parts.push(part)
  }
  const { equal, rows } = await pair.follower.verify()
  expect(equal).toBe(true)
  expect(rows).toBeGreaterThanOrEqual(8)
  expect(parts).toEqual(['3 OFFSET 0', '4 OFFSET 3', '1 OFFSET 7'])

  // In the last part.
  pair.before = () => undefined
  pair.standby.exec("UPDATE main.go_goscope_cache SET value = 'changed' WHERE key GLOB '*h'")
  expect((await pair.follower.verify()).equal).toBe(false)
})

// The hex of a value of 268 MB is longer than a string may be.
test('a comparison reads a long value in parts, and finds a difference in the last of them', async () => {
  const long = `hex(zeroblob(${8.5 * 1024 * 1024}))`
  pair.source.exec(`INSERT INTO go_goscope_cache (key, value) VALUES ('cache:long', ${long}), ('cache:short', '1')`)
  await pair.follower.begin()
  pair.standby.exec("UPDATE main.go_goscope_cache SET value = substr(value, 2) || '1' WHERE key = 'cache:long'")
  const starts: string[] = []
  pair.before = (sql) => {
    const [, start] = /substr\(CAST\("value" AS BLOB\), (\d+), \d+\).* FROM source\.\W?go_goscope_cache/.exec(sql) ?? []
    if (start !== undefined) starts.push(start)
  }
  expect((await pair.follower.verify()).equal).toBe(false)
  expect(starts).toEqual(['1', `${16 * 1024 * 1024 + 1}`, '1'])
})

test('a first copy has the counters of its source, also those of rows that are gone', async () => {
  pair.source.exec(`INSERT INTO go_goscope_claims (generation, key, owner, granted_at, expires_at) VALUES (7, 'k', 'o', 0, 0);
DELETE FROM go_goscope_claims`)
  await pair.follower.begin()
  const counters = 'SELECT * FROM main.sqlite_sequence ORDER BY name'
  expect(pair.standby.prepare(counters).all()).toEqual(pair.source.prepare(counters).all())
  expect(pair.standby.prepare(counters).all()).toContainEqual({ name: 'go_goscope_claims', seq: 7 })
})
