import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SQLiteAdapter, Standby } from '@go-go-scope/persistence-sqlite-node'
import { DatabaseSync } from '@photostructure/sqlite'
import { afterAll, beforeAll, expect, test } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'stopped-takeover-'))
let app: Awaited<ReturnType<typeof SQLiteAdapter.open>>

beforeAll(async () => {
  app = await SQLiteAdapter.open(join(folder, 'app.db'), { DatabaseSync: DatabaseSync as never })
  await app.cache.set('k', 1)
})

afterAll(async () => {
  await app.disconnect()
  rmSync(folder, { recursive: true, force: true })
})

test('a standby in memory that is stopped while it takes over stays with its new adapter', async () => {
  const standby = await Standby.follow(app, { target: ':memory:' })
  const [promoted] = await Promise.all([standby.takeOver({ force: true }), standby.stop(), standby.stop()])
  expect(await promoted.cache.get('k')).toBe(1)
  await promoted.cache.set('k', 2)
  expect(await promoted.cache.get('k')).toBe(2)
  await promoted.disconnect()
})

test('a standby that is stopped while a takeover is refused stops', async () => {
  const standby = await Standby.follow(app, { target: ':memory:' })
  const taking = standby.takeOver()
  await Promise.all([standby.stop(), expect(taking).rejects.toMatchObject({ code: 'FILE_IN_USE' })])
  expect(standby.state).toBe('stopped')
  expect(await app.inspect().standbys()).toEqual([])
})
