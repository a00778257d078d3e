import { ManualClock } from '@go-go-scope/persistence-conformance'
import { type DiagnosticEvent, SqliteAdapter } from '@go-go-scope/persistence-core'
import { DatabaseSync } from '@photostructure/sqlite'
import { beforeEach, expect, test } from 'vitest'
import { databaseSyncDriver } from './database-sync-driver.js'
import { inAnotherThread } from './in-another-thread.js'
import { settled } from './settled.js'

const LIFE = 1_000_000
const WRITES_PER_SWEEP = 32

let clock: ManualClock
let sweeps: number
beforeEach(() => {
  clock = new ManualClock()
  sweeps = 0
})

function adapterOn(onDiagnostic: (event: DiagnosticEvent) => void = () => undefined): SqliteAdapter {
  const handle = new DatabaseSync(':memory:')
  const driver = databaseSyncDriver(handle, (sql) => {
    if (/^DELETE FROM "go_goscope_cache"/.test(sql)) sweeps++
    return undefined
  })
  return new SqliteAdapter(handle, () => inAnotherThread(driver), { clock, onDiagnostic })
}

test('a sweep that found nothing is repeated a second later, or after 1,024 more writes', async () => {
  const adapter = adapterOn()
  const write = async (times: number): Promise<number> => {
    for (let left = times; left > 0; left--) await adapter.cache.set('k', 1, LIFE)
    await settled()
    return sweeps
  }
  expect(await write(WRITES_PER_SWEEP - 1)).toBe(0)
  expect(await write(1)).toBe(1)
  expect(await write(1_023)).toBe(1)
  expect(await write(1)).toBe(2)
  expect(await write(2 * WRITES_PER_SWEEP)).toBe(2)
  clock.advance(999)
  expect(await write(1)).toBe(2)
  clock.advance(1)
  expect(await write(1)).toBe(3)
  await adapter.disconnect()
})

test('a sweep of many rows ends with its adapter', async () => {
  let left: Promise<void> | undefined
  const adapter = adapterOn((event) => {
    if (event.type === 'sweep') left ??= adapter.disconnect()
  })
  const entries = Array.from({ length: 4_000 }, (_, index) => [`k${index}`, index] as const)
  await adapter.cache.setMany(entries, 1)
  await settled()
  clock.advance(1_000)
  sweeps = 0
  await adapter.cache.setMany(
    entries.map(([key], index) => [`new ${key}`, index] as const),
    LIFE,
  )
  await settled()
  await left
  expect(sweeps).toBe(1)
})
