import { PostgresAdapter, type PostgresHandle } from '@go-go-scope/persistence-postgres'
import postgres from 'postgres'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { engine, proveCell, schemaForEachTest } from '../postgres/cell.js'
import { serverUrl } from '../postgres/server/places.mjs'

proveCell()

const schema = schemaForEachTest()
// More rounds than the pool has connections.
const ROUNDS = 6

let admin: object

beforeEach(async () => {
  admin = await engine.openHandle(schema.name)
})

afterEach(async () => {
  await engine.closeHandle(admin)
})

async function constructed() {
  const adapter = new engine.SQLiteAdapter((await engine.openHandle(schema.name)) as never)
  await adapter.connect()
  return adapter
}

/** Ends the connection that wrote to the cache last, and waits until the server has ended it. */
async function endConnection(): Promise<void> {
  const written = `FROM pg_stat_activity WHERE query LIKE 'INSERT INTO "${schema.name}".cache %'`
  const ended = await engine.rows(admin, `SELECT pg_terminate_backend(pid) AS ended ${written}`)
  expect(ended.length).toBe(1)
  while ((await engine.rows(admin, `SELECT pid ${written}`)).length > 0);
}

for (const [how, open] of [
  ['open', () => engine.SQLiteAdapter.open(schema.name)],
  ['the constructor', constructed],
] as const) {
  test(`connections that the server ends are replaced: adapter by ${how}`, async () => {
    const adapter = await open()
    const large = 'ä'.repeat(500_000)
    for (let round = 0; round < ROUNDS; round++) {
      await adapter.cache.set('k', { round, large })
      await endConnection()
      // Whether this process has noticed the end or not.
      if (round % 2 === 0) await new Promise((resolve) => setTimeout(resolve, 20))
      expect(await adapter.cache.get('k')).toEqual({ round, large })
    }
    await adapter.disconnect()
  })
}

test('a call after the library has noticed the end of its connection is sent on another one, also if it counts', async () => {
  let noticed = (): void => undefined
  const ended = new Promise<void>((resolve) => {
    noticed = resolve
  })
  const { Bun } = globalThis as { Bun?: { SQL: new (options: object) => PostgresHandle } }
  const pool =
    Bun === undefined
      ? postgres(serverUrl(), { max: 2, onclose: noticed })
      : new Bun.SQL({ adapter: 'postgres', url: serverUrl(), max: 2, onclose: noticed })
  const adapter = new PostgresAdapter(pool, { schema: schema.name, durability: 'process', newsUrl: false })
  expect(await adapter.recordFailure('api', 9)).toBe(1)
  await adapter.cache.set('k', 1)
  await endConnection()
  await ended
  expect(await adapter.recordFailure('api', 9)).toBe(2)
  await adapter.disconnect()
})
