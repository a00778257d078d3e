import { ManualClock } from '@go-go-scope/persistence-conformance'
import {
  FingerprintMismatchError,
  PersistenceError,
  SchemaMissingError,
  SqliteAdapter,
} from '@go-go-scope/persistence-core'
import { DatabaseSync } from '@photostructure/sqlite'
import { expect, test } from 'vitest'
import { databaseSyncDriver } from './database-sync-driver.js'

const never = () => expect.unreachable('the work ran')

test.each([
  [7, {}, 'INVALID_ARGUMENT', 'work must be a function, got 7; pass'],
  [never, null, 'INVALID_ARGUMENT', 'options must be an object with lease, ttl'],
  [never, { wait: 1 }, 'INVALID_ARGUMENT', 'options are lease, ttl, fingerprint, signal'],
  [never, { lease: 0 }, 'INVALID_TTL', 'lease must be'],
  [never, { lease: Number.POSITIVE_INFINITY }, 'INVALID_TTL', 'lease must be'],
  [never, { ttl: -1 }, 'INVALID_TTL', 'ttl must be'],
  [never, { fingerprint: '' }, 'INVALID_KEY', 'fingerprint'],
  [never, { signal: {} }, 'INVALID_ARGUMENT', 'signal must be'],
])('once refuses %s with %j by its own name, and nothing runs', async (work, options, code, says) => {
  const handle = new DatabaseSync(':memory:')
  const { idempotency } = new SqliteAdapter(handle, () => databaseSyncDriver(handle, () => undefined))
  await expect(idempotency.once('k', work as never, options as never)).rejects.toMatchObject({
    code,
    operation: 'idempotency.once',
    message: expect.stringContaining(says),
  })
  expect(await idempotency.get('k')).toBe(null)
})

test('a reason of the signal that is a typed error, a mismatch and missing tables are not made anew', async () => {
  const handle = new DatabaseSync(':memory:')
  const { idempotency } = new SqliteAdapter(handle, () => databaseSyncDriver(handle, () => undefined))
  const reason = new PersistenceError('CLAIM_LOST', 'idempotency.claim', 'idempotency.claim: lost')
  const signal = AbortSignal.abort(reason)
  expect(await idempotency.once('k', never, { signal }).catch((error: unknown) => error)).toBe(reason)
  await idempotency.once('k', () => 1, { fingerprint: 'a' })
  const mismatch = await idempotency.once<unknown>('k', never, { fingerprint: 'b' }).catch((error: unknown) => error)
  expect(mismatch).toBeInstanceOf(FingerprintMismatchError)
  expect(mismatch).toMatchObject({ fingerprint: 'a', operation: 'idempotency.once' })
  const empty = new DatabaseSync(':memory:')
  const checking = new SqliteAdapter(empty, () => databaseSyncDriver(empty, () => undefined), { createTables: false })
  const missing = await checking.idempotency.once('k', never).catch((error: unknown) => error)
  expect(missing).toBeInstanceOf(SchemaMissingError)
})

test('without a lease, the key is claimed for 30 s', async () => {
  const clock = new ManualClock()
  const handle = new DatabaseSync(':memory:')
  const { idempotency } = new SqliteAdapter(handle, () => databaseSyncDriver(handle, () => undefined), { clock })
  const inside = await idempotency.once('k', () => idempotency.claim('k', { lease: 1 }))
  expect(inside).toEqual({ state: 'running', until: clock.now() + 30_000 })
})
