import { expect } from 'vitest'
import { engine } from '../../cells/cell.js'

/** Checks, on a working disk, that everything in `acknowledged` is there and that no batch is there in part. */
export async function verifyFile(path: string, acknowledged: readonly string[]): Promise<void> {
  const adapter = await engine.SQLiteAdapter.open(path)
  const lost = []
  for (const name of acknowledged) {
    if (name.startsWith('cache') && !(await adapter.cache.has(name))) lost.push(name)
    if (name.startsWith('result') && (await adapter.idempotency.get(name)) === null) lost.push(name)
    if (name.startsWith('rows') && !(await adapter.cache.has(`${name} 0`))) lost.push(name)
  }
  expect(lost, 'acknowledged, and lost').toEqual([])
  const failures = acknowledged.filter((name) => name.startsWith('failure')).length
  expect((await adapter.getState('api'))?.failureCount ?? 0).toBeGreaterThanOrEqual(failures)
  const rows = await adapter.cache.keys('rows *')
  const calls = new Set(rows.map((key) => key.slice(0, key.lastIndexOf(' '))))
  expect(rows.length, 'the rows of one call are all there or none').toBe(calls.size * 3)
  await adapter.disconnect()
  const handle = await engine.openHandle(path)
  expect(await engine.rows(handle, 'PRAGMA integrity_check')).toMatchObject([{ integrity_check: 'ok' }])
  await engine.closeHandle(handle)
}
