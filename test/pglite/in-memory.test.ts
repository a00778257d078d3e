import { PostgresAdapter } from '@go-go-scope/persistence-postgres'
import { expect, test } from 'vitest'
import { proveCell } from '../postgres/cell.js'

proveCell()

const IDENTIFIER = 'SELECT system_identifier::text AS id FROM pg_control_system()'

test('databases in memory begin as copies of a template from the third on, and are as separate as the first two', async () => {
  const adapters: PostgresAdapter[] = []
  const identifiers: unknown[] = []
  for (let index = 0; index < 3; index++) {
    const adapter = await PostgresAdapter.open('memory:')
    adapters.push(adapter)
    expect((await adapter.stats()).location).toBe('postgres/go_goscope')
    expect(await adapter.cache.get('k')).toBeNull()
    await adapter.cache.set('k', index)
    const lock = await adapter.acquire('job', 60_000)
    if (lock === null) throw new Error('the lock is free')
    const [rows] = await adapter.fenced(lock, [{ sql: IDENTIFIER }])
    identifiers.push(rows?.[0]?.id)
    const refusal = { code: 'INVALID_ARGUMENT', message: expect.stringContaining('another database') }
    for (const other of adapters.slice(0, -1))
      await expect(other.fenced(lock, [{ sql: IDENTIFIER }])).rejects.toMatchObject(refusal)
  }
  expect(await Promise.all(adapters.map((adapter) => adapter.cache.get('k')))).toEqual([0, 1, 2])
  const [first, second, third] = identifiers
  expect(third).toBe(second)
  expect(first).not.toBe(second)
  await Promise.all(adapters.map((adapter) => adapter.disconnect()))
}, 240_000)
