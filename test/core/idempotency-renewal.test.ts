import type { ClaimedKey } from '@go-go-scope/persistence-core/integration'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { GuardedRun } from '../../packages/idempotency-key/src/guarded-run.js'
import { settingsOf } from '../../packages/idempotency-key/src/options.js'

const LEASE_MS = 30_000

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

function begin() {
  const renew = vi.fn(async () => true)
  const complete = vi.fn(async () => ({ recorded: true }))
  const store = { claim: () => undefined } as never
  const run = new GuardedRun(
    { renew, complete } as unknown as ClaimedKey<never>,
    'a key',
    settingsOf({ store, scope: () => 'ada', lease: LEASE_MS }) as never,
  )
  return { run, renew, complete }
}

test('a key is renewed while its handler runs', async () => {
  const { run, renew } = begin()
  await vi.advanceTimersByTimeAsync(100 * LEASE_MS)
  expect(renew).toHaveBeenCalledTimes(300)
  await run.settle({ status: 201, headers: new Headers(), body: '' })
  await vi.advanceTimersByTimeAsync(LEASE_MS)
  expect(renew).toHaveBeenCalledTimes(300)
})

test('after the client has disconnected a key is renewed for ten more leases, and a late response is still stored', async () => {
  const { run, renew, complete } = begin()
  run.clientLeft()
  await vi.advanceTimersByTimeAsync(100 * LEASE_MS)
  expect(renew).toHaveBeenCalledTimes(30)
  await run.settle({ status: 201, headers: new Headers(), body: '' })
  expect(complete).toHaveBeenCalledOnce()
})
