import { ManualClock } from '@go-go-scope/persistence-conformance'
import { SqliteAdapter } from '@go-go-scope/persistence-core'
import { DatabaseSync } from '@photostructure/sqlite'
import { expect, test } from 'vitest'
import { resolved } from '../../packages/persistence-postgres/src/options.js'
import { resolveOptions } from '../../packages/shared/src/adapter/adapter-options.js'
import { checkedLimit } from '../../packages/shared/src/arguments/page-options.js'
import { backupOptions } from '../../packages/shared/src/dialects/sqlite/copies/backup-options.js'
import { scheduleOptions } from '../../packages/shared/src/dialects/sqlite/copies/schedule-options.js'
import { resolveOpenOptions } from '../../packages/shared/src/dialects/sqlite/front-end/open-options.js'
import { leaseTime } from '../../packages/shared/src/stores/idempotency/claim-options.js'
import { timeToLive } from '../../packages/shared/src/time/time-to-live.js'
import { databaseSyncDriver } from './database-sync-driver.js'

const open = (options: object) => resolveOpenOptions(options)
const backUp = (options: object) => backupOptions(options)
const schedule = (options: object) => scheduleOptions({ directory: '.', every: 1, ...options })
const onServer = (options: object) => resolved(options, 'process')
const KIB = 1_024

// Each with the last values that are accepted and the first ones that are refused.
test.each<[name: string, check: (value: never) => unknown, accepted: unknown[], refused: unknown[]]>([
  ['keyPrefix', (keyPrefix) => resolveOptions({ keyPrefix }), ['x'.repeat(KIB)], ['x'.repeat(KIB + 1)]],
  ['busyTimeout', (busyTimeout) => resolveOptions({ busyTimeout }), [0, Number.POSITIVE_INFINITY], [-1]],
  ['mode', (mode) => open({ mode }), [0, 0o777], [-1, 0o1000]],
  ['cacheSize', (cacheSize) => open({ cacheSize }), [0], [-1]],
  ['walSize', (walSize) => open({ walSize }), [64 * KIB, KIB ** 3], [64 * KIB - 1, KIB ** 3 + 1]],
  ['readers', (readers) => open({ worker: true, readers }), [0, 16], [-1, 17]],
  [
    'a time to live',
    (ms) => timeToLive(ms, 'test'),
    [newYear(2020) - 1, newYear(2060)],
    [0, newYear(2020), newYear(2060) - 1],
  ],
  ['a lease', (ms) => leaseTime(ms, 'test'), [1, 2 ** 52 - 1], [0, 2 ** 52]],
  ['limit', (limit) => checkedLimit(limit, 'test'), [1], [0]],
  ['rate', (rate) => backUp({ rate }), [1], [0]],
  ['keep.last', (last) => schedule({ keep: { last } }), [1], [0]],
  ['keep.weekly', (weekly) => schedule({ keep: { weekly } }), [0], [-1]],
  ['maxKeyLength on a server', (maxKeyLength) => onServer({ maxKeyLength }), [1_536], [1_537]],
  ['schema', (schema) => onServer({ schema }), [`${'ü'.repeat(31)}x`], ['ü'.repeat(32)]],
])('the limits of %s are as documented', (_name, check, accepted, refused) => {
  for (const value of accepted) expect(() => check(value as never), `${value}`).not.toThrow()
  for (const value of refused) expect(() => check(value as never), `${value}`).toThrow(/ must be | at most /)
})

test('a ttl and a stale time that add up to what would be a date are two durations', async () => {
  const handle = new DatabaseSync(':memory:')
  const clock = new ManualClock()
  const adapter = new SqliteAdapter(handle, () => databaseSyncDriver(handle, () => undefined), { clock })
  const years = 31_557_600_000
  await adapter.cache.getOrSet('k', () => 1, { ttl: 40 * years, staleWhileRevalidate: 20 * years })
  expect(await adapter.cache.ttl('k')).toBe(60 * years)
  await adapter.disconnect()
})

/** In epoch ms. */
function newYear(year: number): number {
  return Date.UTC(year, 0)
}
