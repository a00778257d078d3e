import { afterEach, beforeEach, expect, test } from 'vitest'
import { engine, proveCell, schemaForEachTest } from '../postgres/cell.js'

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
