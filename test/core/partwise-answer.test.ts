import { DatabaseSync } from '@photostructure/sqlite'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { AsyncDriver, AsyncStatement } from '../../packages/shared/src/driver/driver.js'
import { SqliteAdapter } from '../../packages/shared/src/index.js'
import { PartwiseAnswer } from '../../packages/shared/src/queue/partwise-answer.js'
import { connectRemote, serve } from '../../packages/shared/src/remote.js'
import { databaseSyncDriver } from './database-sync-driver.js'
import { inAnotherThread } from './in-another-thread.js'

const PART = 1_000
const KEYS = Array.from({ length: 2_500 }, (_, index) => `k${String(index).padStart(4, '0')}`)

/** Makes a driver that returns rows in parts if the caller accepts parts. */
function inParts(driver: AsyncDriver): AsyncDriver {
  const parted = (statement: AsyncStatement): AsyncStatement => ({
    finalize: () => statement.finalize(),
    async all(parameters, taken) {
      const rows = await statement.all(parameters)
      while (taken !== undefined && rows.length > PART) taken(rows.splice(0, PART))
      return rows
    },
  })
  return { ...driver, prepare: async (sql) => parted(await driver.prepare(sql)) }
}

describe('an answer of many rows', () => {
  const ends = vi.spyOn(PartwiseAnswer.prototype, 'end')
  let adapter: SqliteAdapter
  let server: ReturnType<typeof serve>
  beforeEach(async () => {
    const handle = new DatabaseSync(':memory:')
    const driver = inParts(inAnotherThread(databaseSyncDriver(handle, () => undefined)))
    adapter = new SqliteAdapter(handle, () => driver as never)
    await adapter.cache.setMany(KEYS.map((key) => [key, 1] as const))
    server = serve(adapter)
    ends.mockClear()
  })
  afterEach(async () => {
    await server.close()
    await adapter.disconnect()
  })

  test('is decoded in parts as they arrive, and completely', async () => {
    expect(await adapter.cache.keys()).toEqual(KEYS)
    expect(ends.mock.calls.map(([rows]) => rows.length)).toEqual([500])
    expect(await adapter.cache.keys('k24?5')).toEqual(KEYS.filter((key) => /^k24.5$/.test(key)))
    expect(await adapter.cache.keys({ startsWith: 'none' })).toEqual([])
  })

  test('is decoded once, by the client that asked', async () => {
    const client = await connectRemote(server.createPort())
    expect(await client.cache.keys()).toEqual(KEYS)
    // A client of a client.
    const above = serve(client)
    const second = await connectRemote(above.createPort())
    expect(await second.cache.keys()).toEqual(KEYS)
    expect(ends.mock.calls.map(([rows]) => rows.length)).toEqual([500, 500])
    await second.disconnect()
    await above.close()
    await client.disconnect()
  })
})

test('an error of the decoder in one part is the error of the call, and the other parts are dropped', () => {
  const settled: unknown[] = []
  const decode = vi.fn(() => {
    throw new Error('no such row')
  })
  const call = {
    parameters: [],
    decode,
    resolve: (given: unknown) => settled.push(given),
    reject: (error: unknown) => settled.push(error),
  }
  const answer = new PartwiseAnswer(call)
  answer.take([{ key: 'a' }])
  answer.take([{ key: 'b' }])
  answer.end([])
  expect(settled).toEqual([new Error('no such row')])
  expect(decode).toHaveBeenCalledTimes(1)
})
