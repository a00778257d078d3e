import { expect, test } from 'vitest'
import { engine, proveCell, schemaForEachTest } from '../postgres/cell.js'

proveCell()

const schema = schemaForEachTest()

// A retried call would wait an hour, so an immediate error shows that none is retried.
const PATIENT = { busyTimeout: 3_600_000 }

test('an sql that the app has ended is CLOSED, at once', async () => {
  const before = await engine.openHandle(schema.name)
  await engine.closeHandle(before)
  const adapter = new engine.SQLiteAdapter(before as never, PATIENT)
  await expect(adapter.cache.get('k')).rejects.toMatchObject({ code: 'CLOSED' })
  await adapter.disconnect()
})

test('an sql whose connections the app ends while an adapter uses it is CLOSED for later calls', async () => {
  const sql = (await engine.openHandle(schema.name)) as { end(options: { timeout: number }): Promise<void> }
  const adapter = new engine.SQLiteAdapter(sql as never, PATIENT)
  await adapter.cache.set('k', 1)
  await sql.end({ timeout: 0 })
  await expect(adapter.cache.get('k')).rejects.toMatchObject({ code: 'CLOSED' })
  await adapter.disconnect()
})
