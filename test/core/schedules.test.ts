import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ManualClock } from '@go-go-scope/persistence-conformance'
import { BackupSchedule, SQLiteAdapter, verifyBackup } from '@go-go-scope/persistence-sqlite-node'
import { DatabaseSync } from '@photostructure/sqlite'
import { afterAll, expect, test, vi } from 'vitest'
import { advance, settled } from './settled.js'

const MINUTE = 60_000
const WITHIN = { timeout: 10_000 }

const folder = mkdtempSync(join(tmpdir(), 'schedules-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function opened(name: string) {
  const clock = new ManualClock()
  const setTimer = vi.spyOn(clock, 'setTimer')
  const options = { clock, DatabaseSync: DatabaseSync as never }
  const adapter = await SQLiteAdapter.open(join(folder, name), options)
  return { adapter, clock, setTimer }
}

test('a schedule whose adapter may not create its tables says which steps are missing', async () => {
  const handle = new DatabaseSync(join(folder, 'without-tables.db'))
  const adapter = new SQLiteAdapter(handle as never, { createTables: false })
  const onError = vi.fn()
  await using schedule = BackupSchedule.start(adapter, { directory: folder, every: MINUTE, onError })
  const missing = { code: 'SCHEMA_MISSING', empty: true, version: 0 }
  await expect(schedule.list()).rejects.toMatchObject(missing)
  await expect.poll(() => onError.mock.calls[0]?.[0], WITHIN).toMatchObject(missing)
  await adapter.disconnect()
})

test.each([
  [60 * MINUTE, MINUTE],
  [10_000, 10_000],
])('of a schedule for every %i ms, a backup that has failed is tried again after %i ms', async (every, pause) => {
  const { adapter, clock, setTimer } = await opened(`${every}.db`)
  const errors: unknown[] = []
  const schedule = BackupSchedule.start(adapter, {
    directory: folder,
    every,
    worker: () => {
      throw new Error('no thread today')
    },
    onError: (error) => {
      errors.push(error)
      setTimer.mockClear()
    },
  })
  clock.advance(0)
  await expect.poll(() => errors.length, WITHIN).toBe(1)
  expect(errors[0]).toMatchObject({ code: 'ENGINE_MISSING', message: expect.stringContaining('no thread today') })
  // Set right after the report. A try that comes too early would report its error only after a while.
  expect(setTimer.mock.calls[0]?.[1]).toBe(pause)
  clock.advance(pause)
  await expect.poll(() => errors.length, WITHIN).toBe(2)
  await schedule.stop()
  await adapter.disconnect()
})

test('of a backup that has failed after a long time, the next try comes after four times that time', async () => {
  const { adapter, clock } = await opened('long.db')
  let tries = 0
  let errors = 0
  const schedule = BackupSchedule.start(adapter, {
    directory: folder,
    every: 60 * MINUTE,
    worker: () => {
      tries++
      clock.pass(10 * MINUTE)
      throw new Error('no thread today')
    },
    onError: () => void errors++,
  })
  clock.advance(0)
  await expect.poll(() => errors, WITHIN).toBe(1)
  for (let minute = 0; minute < 39; minute++) await advance(clock, MINUTE)
  expect(tries).toBe(1)
  clock.advance(MINUTE)
  await expect.poll(() => errors, WITHIN).toBe(2)
  await schedule.stop()
  await adapter.disconnect()
})

// As on a disk that is full, or that the system has mounted read-only after an error.
test('a schedule makes its backups also while the file takes no writes', async () => {
  const handle = new DatabaseSync(join(folder, 'unwritable.db'))
  handle.exec('PRAGMA journal_mode = WAL')
  const adapter = new SQLiteAdapter(handle as never)
  await adapter.cache.set('k', 1)
  handle.exec('PRAGMA query_only = ON')
  await expect(adapter.cache.set('k', 2)).rejects.toMatchObject({ code: 'READ_ONLY' })
  const schedule = BackupSchedule.start(adapter, { directory: folder, every: MINUTE })
  const { path } = await schedule.run()
  await verifyBackup(path, { DatabaseSync: DatabaseSync as never })
  await schedule.stop()
  await adapter.disconnect()
})

test('a schedule that has stopped makes no backup any longer, and has removed what it had of one', async () => {
  const { adapter } = await opened('stopped.db')
  const before = readdirSync(folder)
  const schedule = BackupSchedule.start(adapter, { directory: folder, every: MINUTE })
  let outcome: unknown
  const run = schedule.run().catch((error: unknown) => {
    outcome = error
  })
  await settled()
  await schedule.stop()
  expect(outcome).toMatchObject({ code: 'CLOSED' })
  expect(readdirSync(folder)).toEqual(before)
  await run
  await adapter.disconnect()
})

test('the lock of a schedule is among the locks, and its prefix is not among those of apps', async () => {
  const { adapter } = await opened('listed.db')
  const schedule = BackupSchedule.start(adapter, { directory: folder, every: MINUTE })
  await schedule.run()
  const all = adapter.inspect({ prefix: '*' })
  const [locks, prefixes] = [await Array.fromAsync(all.locks({ expired: true })), await Array.fromAsync(all.prefixes())]
  expect(locks).toMatchObject([{ prefix: 'go-goscope', key: 'backup' }])
  expect(prefixes).toMatchObject([{ prefix: '' }])
  await schedule.stop()
  await adapter.disconnect()
})
