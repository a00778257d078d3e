import assert from 'node:assert/strict'
import { PostgresAdapter, type PostgresHandle } from '@go-go-scope/persistence-postgres'
import postgres from 'postgres'
import { expect, test } from 'vitest'
import { proveCell, schemaForEachTest } from '../postgres/cell.js'
import { serverUrl } from '../postgres/server/places.mjs'

proveCell()

const schema = schemaForEachTest()

type BunSql = { new (options: object): PostgresHandle; camel: object; pascal: object; kebab: object }

const { Bun } = globalThis as { Bun?: { SQL: BunSql } }

test.each(['camel', 'pascal', 'kebab'] as const)(
  'an sql with column names in %s case changes no answer of the adapter, only those of the app’s own statements',
  async (style) => {
    const handle =
      Bun === undefined
        ? postgres(serverUrl(), { transform: postgres[style] })
        : new Bun.SQL({ adapter: 'postgres', url: serverUrl(), max: 3, bigint: true, transform: Bun.SQL[style] })
    const adapter = new PostgresAdapter(handle, { schema: schema.name, durability: 'process', newsUrl: false })
    const day = 86_400_000
    await adapter.cache.set('k', { n: 1.5 }, day)
    expect(await adapter.cache.ttl('k')).toBeGreaterThan(day / 2)
    expect(await Promise.all([1, 2, 3].map(() => adapter.recordFailure('api', 3)))).toEqual([1, 2, 3])
    expect(await adapter.getState('api')).toMatchObject({ state: 'open', failureCount: 3 })
    await adapter.idempotency.set('paid', { id: 7 }, day)
    expect((await adapter.idempotency.get('paid'))?.expiresAt).toBeGreaterThan(Date.now())
    expect(await adapter.idempotency.claim('order', { lease: day })).toMatchObject({ state: 'claimed' })
    const point = { id: 'c', taskId: 't', sequence: 4, timestamp: 1e12, progress: 12.5, data: [1] }
    await adapter.checkpoint.save({ ...point, estimatedTimeRemaining: 3 })
    expect(await adapter.checkpoint.loadLatest('t')).toEqual({ ...point, estimatedTimeRemaining: 3 })
    const lock = await adapter.acquire('job', day)
    assert(lock)
    expect(lock.token).toBeGreaterThan(0)
    expect(await lock.extend(day)).toBe(true)
    const [[row] = []] = await adapter.fenced(lock, [{ sql: 'SELECT 1::int AS an_int' }])
    expect(Object.keys(row ?? {})).toEqual([{ camel: 'anInt', pascal: 'AnInt', kebab: 'an-int' }[style]])
    expect(await adapter.verify()).toMatchObject({ faults: [], complete: true })
    expect(await adapter.stats()).toMatchObject({ circuits: 1, checkpoints: 1, idempotency: 1, timeline: 1 })
    await adapter.disconnect()
  },
)
