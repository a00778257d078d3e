import { expect, test } from 'vitest'
import { cell, engine } from './cell.js'
import { proveCell } from './prove-cell.js'

proveCell()

/** The options of a handle by which an app changes the rows of all its statements. */
const OPTIONS: Readonly<Record<string, readonly object[]>> = {
  'bun:sqlite': [{ safeIntegers: true }],
  'node:sqlite': [{ readBigInts: true }, { returnArrays: true }],
  '@photostructure/sqlite': [{ readBigInts: true }, { returnArrays: true }],
  sqlite3: [],
}

test('an adapter gets the rows that it needs, whatever rows an app has chosen for its handle', async () => {
  const plain = await engine.openHandle(':memory:')
  const Handle = plain.constructor as new (path: string, options: object) => object
  await engine.closeHandle(plain)
  for (const options of OPTIONS[cell.engine] ?? []) {
    const adapter = new engine.SQLiteAdapter(new Handle(':memory:', options) as never, { locks: 'database' })
    const lock = await adapter.lock.acquire('job', 60_000)
    expect(lock?.token).toBe(1)
    await adapter.cache.set('k', 1, 60_000)
    expect(await adapter.cache.ttl('k')).toBeTypeOf('number')
    expect(await adapter.circuitBreaker.recordFailure('api', 2)).toBe(1)
    expect(await adapter.idempotency.once('key', () => 'done')).toBe('done')
    expect(await adapter.idempotency.once('key', () => 'again')).toBe('done')
    const [rows] = await adapter.fenced(lock as never, [{ sql: 'SELECT 1 + ?1 AS two', parameters: [1] }])
    expect(rows).toEqual([{ two: 2 }])
    await adapter.disconnect()
  }
})
