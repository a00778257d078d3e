import assert from 'node:assert/strict'
import { expect, test } from 'vitest'
import { engine, proveCell, schemaForEachTest } from '../postgres/cell.js'

proveCell()

const schema = schemaForEachTest()

test('a table that the app has locked is BUSY, for readers too, and the connection stays usable', async () => {
  const adapter = await engine.SQLiteAdapter.open(schema.name, { busyTimeout: 100 })
  await adapter.cache.set('k', 1)
  const other = await engine.openHandle(schema.name)
  await engine.rows(other, 'BEGIN')
  await engine.rows(other, 'LOCK cache IN ACCESS EXCLUSIVE MODE')
  await expect(adapter.cache.set('k', 2)).rejects.toMatchObject({ code: 'BUSY' })
  await expect(adapter.cache.get('k')).rejects.toMatchObject({ code: 'BUSY' })
  expect(await adapter.recordFailure('api', 3)).toBe(1)
  await engine.rows(other, 'ROLLBACK')
  expect(await adapter.cache.get('k')).toBe(1)
  await adapter.disconnect()
  await engine.closeHandle(other)
})

test('a statement of the app that waits for a table is not cancelled, also where one of `fenced` has the same text', async () => {
  const adapter = await engine.SQLiteAdapter.open(schema.name, { busyTimeout: 100, locks: 'database' })
  const [holder, app] = [await engine.openHandle(schema.name), await engine.openHandle(schema.name)]
  const lock = await adapter.acquire('job', 60_000)
  assert(lock)
  await engine.rows(holder, 'BEGIN')
  await engine.rows(holder, 'LOCK cache IN ACCESS EXCLUSIVE MODE')
  const sql = 'SELECT key FROM cache'
  const waiting = engine.rows(app, sql)
  const question = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'relation' AND query = $1"
  const waits = async (count: number) => {
    while ((await engine.rows(app, question, [sql])).length < count);
  }
  await waits(1)
  // The connection of `fenced` waits too, although its backend process id is not known.
  const fenced = adapter.fenced(lock, [{ sql }]).catch((error: { code?: string }) => error.code)
  await waits(2)
  // Waits until the statement of `fenced` has been checked too.
  for (const key of ['a', 'b', 'c']) await expect(adapter.cache.get(key)).rejects.toMatchObject({ code: 'BUSY' })
  await engine.rows(holder, 'ROLLBACK')
  expect(await waiting).toEqual([])
  expect([[[]], 'BUSY']).toContainEqual(await fenced)
  await adapter.disconnect()
  await engine.closeHandle(holder)
  await engine.closeHandle(app)
})
