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

test('what waits for a table by a connection of which the server’s number is not known is cancelled alone', async () => {
  const adapter = await engine.SQLiteAdapter.open(schema.name, { busyTimeout: 100, locks: 'database' })
  const [holder, app] = [await engine.openHandle(schema.name), await engine.openHandle(schema.name)]
  const lock = await adapter.acquire('job', 60_000)
  assert(lock)
  await engine.rows(holder, 'BEGIN')
  await engine.rows(holder, 'LOCK cache IN ACCESS EXCLUSIVE MODE')
  // A statement of the app's own may wait as long as it likes.
  const waiting = engine.rows(app, 'SELECT count(*)::int AS size FROM cache')
  await expect(adapter.fenced(lock, [{ sql: 'SELECT key FROM cache' }])).rejects.toMatchObject({ code: 'BUSY' })
  await engine.rows(holder, 'ROLLBACK')
  expect(await waiting).toEqual([{ size: 0 }])
  await adapter.disconnect()
  await engine.closeHandle(holder)
  await engine.closeHandle(app)
})
