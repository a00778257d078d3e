import { ManualClock } from '@go-go-scope/persistence-conformance'
import { SqliteAdapter } from '@go-go-scope/persistence-core'
import { DatabaseSync } from '@photostructure/sqlite'
import { expect, test } from 'vitest'
import { LeaseClock } from '../../packages/shared/src/time/lease-clock.js'
import { databaseSyncDriver } from './database-sync-driver.js'

test('the connections to a file share its lease time, which is forgotten when the last of them has left', () => {
  const clock = new ManualClock()
  const enter = (identity: string) => LeaseClock.ofFile(clock, identity)
  const [first, second, other] = [enter('1:2'), enter('1:2'), enter('1:3')]
  expect(second.time).toBe(first.time)
  expect(other.time).not.toBe(first.time)
  first.leave()
  const third = enter('1:2')
  expect(third.time).toBe(first.time)
  second.leave()
  third.leave()
  expect(enter('1:2').time).not.toBe(first.time)
})

test('a clock with fractions of a ms is stored in whole ones, also after it was set back', async () => {
  const source = new ManualClock()
  const clock = { ...source, now: () => source.now() + 0.75 }
  const handle = new DatabaseSync(':memory:')
  const failed: unknown[] = []
  const onDiagnostic = (event: object): unknown => failed.push(event)
  const adapter = new SqliteAdapter(handle, () => databaseSyncDriver(handle, () => undefined), {
    clock,
    onDiagnostic,
    locks: 'database',
  })
  await adapter.lock.acquire('before', 60_000)
  source.jump(-1_000)
  await adapter.lock.acquire('after', 60_000)
  await adapter.circuitBreaker.recordFailure('api', 1)
  await adapter.stats()
  expect(failed).toEqual([])
  const wall = source.now()
  expect(handle.prepare('SELECT wall FROM go_goscope_lease_time').get()).toEqual({ wall })
  expect((await adapter.circuitBreaker.getState('api'))?.lastFailureTime).toBe(wall)
  await adapter.disconnect()
})
