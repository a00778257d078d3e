import { EventEmitter } from 'node:events'
import { type ClaimedKey, PersistenceError } from '@go-go-scope/persistence-core/integration'
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
  const onProblem = vi.fn()
  const run = new GuardedRun(
    { renew, complete } as unknown as ClaimedKey<never>,
    'a key',
    settingsOf({ store, scope: () => 'ada', lease: LEASE_MS, onProblem }) as never,
  )
  return { run, renew, complete, onProblem }
}

test('a key is renewed while its handler runs', async () => {
  const { run, renew } = begin()
  await vi.advanceTimersByTimeAsync(100 * LEASE_MS)
  expect(renew).toHaveBeenCalledTimes(300)
  await run.settle({ status: 201, headers: new Headers(), body: '' })
  await vi.advanceTimersByTimeAsync(LEASE_MS)
  expect(renew).toHaveBeenCalledTimes(300)
})

test.each([
  ['while the handler runs', false],
  ['while the key was claimed', true],
])(
  'after the client has disconnected %s, a key is renewed for ten more leases, and a late response is still stored',
  async (_when, destroyed) => {
    const { run, renew, complete } = begin()
    const response = Object.assign(new EventEmitter(), { destroyed })
    run.follow(response)
    // Node emits it once, so a response that is destroyed has emitted it before.
    if (!destroyed) response.emit('close')
    await vi.advanceTimersByTimeAsync(100 * LEASE_MS)
    expect(renew).toHaveBeenCalledTimes(30)
    await run.settle({ status: 201, headers: new Headers(), body: '' })
    expect(complete).toHaveBeenCalledOnce()
  },
)

test('a response that the store cannot record now is recorded at a renewal, and the key stays claimed until then', async () => {
  const { run, renew, complete, onProblem } = begin()
  const busy = new PersistenceError('BUSY', 'complete', 'as planted')
  complete.mockRejectedValueOnce(busy).mockRejectedValueOnce(busy)
  const made = { status: 201, headers: new Headers(), body: 'paid' }
  expect(await run.settle(made)).toBeUndefined()
  await vi.advanceTimersByTimeAsync(LEASE_MS)
  expect([renew.mock.calls.length, complete.mock.calls.length]).toEqual([2, 3])
  expect(complete).toHaveBeenLastCalledWith(expect.objectContaining({ body: 'paid' }))
  await vi.advanceTimersByTimeAsync(LEASE_MS)
  expect(renew).toHaveBeenCalledTimes(2)
  expect(onProblem).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ cause: busy }))
})

test('a response that the store refuses after it was busy is reported again', async () => {
  const { run, complete, onProblem } = begin()
  for (const code of ['BUSY', 'CLOSED'] as const) {
    complete.mockRejectedValueOnce(new PersistenceError(code, 'complete', 'as planted'))
  }
  await run.settle({ status: 201, headers: new Headers(), body: 'paid' })
  await vi.advanceTimersByTimeAsync(LEASE_MS)
  expect(onProblem.mock.calls.map(([{ cause }]) => cause.code)).toEqual(['BUSY', 'CLOSED'])
})

test('a response that the store refuses is not recorded later', async () => {
  const { run, renew, complete } = begin()
  complete.mockRejectedValueOnce(new PersistenceError('CLOSED', 'complete', 'as planted'))
  await run.settle({ status: 201, headers: new Headers(), body: 'paid' })
  await vi.advanceTimersByTimeAsync(LEASE_MS)
  expect([renew.mock.calls.length, complete.mock.calls.length]).toEqual([0, 1])
})
