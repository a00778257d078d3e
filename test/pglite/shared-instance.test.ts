import { PGlite } from '@electric-sql/pglite'
import { PostgresAdapter } from '@go-go-scope/persistence-postgres'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { proveCell } from '../postgres/cell.js'
import { instance } from '../postgres/engines/pglite.mjs'

proveCell()

const OPTIONS = { schema: 'shared_instance', closeOnDisconnect: false } as const

let one: PostgresAdapter
let two: PostgresAdapter

beforeEach(async () => {
  ;[one, two] = [new PostgresAdapter(instance, OPTIONS), new PostgresAdapter({ ...handle() }, OPTIONS)]
  await one.connect()
  await two.connect()
})
afterEach(async () => {
  await one.disconnect()
  await two.disconnect()
  await instance.exec('DROP SCHEMA shared_instance CASCADE')
})

/** Returns another handle of the same instance; its adapter has its own queue. */
function handle() {
  return {
    waitReady: instance.waitReady,
    query: instance.query.bind(instance),
    transaction: instance.transaction.bind(instance),
    close: instance.close.bind(instance),
    execProtocol: instance.execProtocol.bind(instance),
    runExclusive: instance.runExclusive.bind(instance),
    isInTransaction: instance.isInTransaction.bind(instance),
  }
}

async function prepared(): Promise<number> {
  const { rows } = await instance.query<{ count: number }>(
    "SELECT count(*)::int AS count FROM pg_prepared_statements WHERE statement LIKE '%shared_instance%'",
  )
  return rows[0]?.count ?? 0
}

test('statements are kept prepared, once for all adapters on an instance', async () => {
  await one.cache.set('k', 'of one')
  const kept = await prepared()
  expect(kept).toBeGreaterThan(0)
  expect(await one.cache.get('k')).toBe('of one')
  expect(await two.cache.get('k')).toBe('of one')
  await two.cache.set('k', 'of two')
  expect(await one.cache.get('k')).toBe('of two')
  expect(await prepared()).toBe(kept + 1)
})

test('calls succeed after the app has deallocated all statements', async () => {
  await one.cache.set('k', 1)
  await instance.exec('DEALLOCATE ALL')
  expect(await one.cache.get('k')).toBe(1)
  await one.cache.set('k', 2)
  expect(await two.cache.get('k')).toBe(2)
})

test('no call becomes a part of a transaction that the app has open', async () => {
  await one.cache.set('k', 'before')
  let written: Promise<void> | undefined
  await instance.transaction(async (transaction) => {
    written = one.cache.set('k', 'after')
    await transaction.query('SELECT 1')
    await new Promise((resolve) => setImmediate(resolve))
    await transaction.rollback()
  })
  await written
  expect(await one.cache.get('k')).toBe('after')
})

test('PGlite without the protocol is used by queries', async () => {
  const { waitReady, query, transaction, close } = handle()
  const adapter = new PostgresAdapter({ waitReady, query, transaction, close }, OPTIONS)
  await adapter.connect()
  const before = await prepared()
  await adapter.cache.set('k', 'by query')
  expect(await adapter.cache.get('k')).toBe('by query')
  expect(await prepared()).toBe(before)
  await adapter.disconnect()
})

test('an instance that takes longer to start than the adapter waits for a connection is waited for', async () => {
  // Twice the shortest wait for a connection, in real time.
  const started = new Promise<void>((resolve) => setTimeout(resolve, 2_000))
  const adapter = new PostgresAdapter({ ...handle(), waitReady: started }, { ...OPTIONS, busyTimeout: 0 })
  expect(await adapter.cache.get('k')).toBeNull()
  await adapter.disconnect()
})

test('an instance that the app has closed is CLOSED, at once', async () => {
  const other = new PGlite({ loadDataDir: await instance.dumpDataDir('none') })
  const adapter = new PostgresAdapter(other, OPTIONS)
  await adapter.cache.set('k', 1)
  await other.close()
  await expect(adapter.cache.get('k')).rejects.toMatchObject({ code: 'CLOSED' })
  await expect(adapter.cache.set('k', 2)).rejects.toMatchObject({ code: 'CLOSED' })
  await adapter.disconnect()
})

test('options that PGlite cannot fulfil are refused', async () => {
  const adapter = new PostgresAdapter({ ...handle() }, { ...OPTIONS, durability: 'power' })
  await expect(adapter.connect()).rejects.toMatchObject({ code: 'ENGINE_UNSUPPORTED' })
  await adapter.disconnect()
})
