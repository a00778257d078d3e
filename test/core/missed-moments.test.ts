import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ManualClock } from '@go-go-scope/persistence-conformance'
import { SqliteAdapter } from '@go-go-scope/persistence-core'
import { DatabaseSync } from '@photostructure/sqlite'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { databaseSyncDriver } from './database-sync-driver.js'
import { inAnotherThread } from './in-another-thread.js'

const WITHIN = { timeout: 10_000, interval: 1 }

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'missed-moments-'))
  path = join(folder, 'app.db')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('changes that could not be read are read at the next poll', async () => {
  const clock = new ManualClock()
  let failing = false
  const [ours, theirs] = [new DatabaseSync(path), new DatabaseSync(path)]
  const driver = databaseSyncDriver(ours, (sql) => {
    if (failing && sql.includes('FROM go_goscope_circuit')) throw Object.assign(new Error('I/O'), { errcode: 10 })
    return undefined
  })
  const problems: string[] = []
  const listener = new SqliteAdapter(ours, () => driver, {
    clock,
    watchInterval: 100,
    onDiagnostic: (event) => void (event.type === 'background-error' && problems.push(event.error.code)),
  })
  const other = new SqliteAdapter(theirs, () => databaseSyncDriver(theirs, () => undefined), { clock })
  const heard: string[] = []
  await other.circuitBreaker.setState('api', { state: 'closed', failureCount: 0 })
  await listener.connect()
  listener.subscribe('api', ({ state }) => heard.push(state))
  await other.circuitBreaker.setState('api', { state: 'open', failureCount: 3 })
  failing = true
  await vi.waitUntil(() => {
    clock.advance(100)
    return problems.length > 0
  }, WITHIN)
  expect(heard).toEqual([])
  failing = false
  await vi.waitUntil(() => {
    clock.advance(100)
    return heard.length > 0
  }, WITHIN)
  expect(heard).toEqual(['open'])
  expect(new Set(problems)).toEqual(new Set(['IO_ERROR']))
  await Promise.all([listener.disconnect(), other.disconnect()])
})

test('a file that is deleted while its adapter connects is noticed', async () => {
  const clock = new ManualClock()
  const handle = new DatabaseSync(path)
  const driver = inAnotherThread(
    databaseSyncDriver(handle, () => undefined),
    async (sql) => {
      if (!sql.startsWith('SELECT idempotency, checkpoints FROM go_goscope_prefixes')) return
      rmSync(path, { force: true })
      clock.advance(1_000)
      await new Promise((resolve) => setTimeout(resolve, 50))
    },
  )
  const adapter = new SqliteAdapter(handle, () => driver, { clock })
  await expect(adapter.connect()).rejects.toMatchObject({ code: 'FILE_REPLACED' })
  expect(adapter.isConnected()).toBe(false)
  await expect(adapter.cache.set('k', 1)).rejects.toMatchObject({ code: 'FILE_REPLACED' })
  await adapter.disconnect()
})
