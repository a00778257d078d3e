import { abortPromise, type ClaimingIdempotencyProvider, scope } from 'go-go-scope'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { deferred } from '../support/deferred.js'
import { eventually } from '../support/eventually.js'
import { LoopClock } from '../support/loop-clock.js'
import type { AdapterOfTest } from './database-of-test.js'
import { connectForEachTest, one, two, twoConnections } from './two-connections.js'

let clock: LoopClock

beforeEach(() => {
  clock = new LoopClock()
})
afterEach(() => clock[Symbol.dispose]())
connectForEachTest(() => clock)

const idempotency = { key: 'k' }
const notes = () => ({ debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() })

/** Records the claims that `one` is asked for, before they run. */
function claimsOf(adapter: AdapterOfTest) {
  return vi.spyOn(adapter.idempotency as ClaimingIdempotencyProvider, 'claim')
}

describe('the lease of an idempotent task', () => {
  it.each([
    ['is 10 s', undefined, undefined, 10_000],
    ['is the one of the scope', { defaultLease: 700 }, undefined, 700],
    ['is its own', { defaultLease: 700 }, 300, 300],
  ])('%s', async (_, defaults, lease, expected) => {
    const claim = claimsOf(one)
    await using s = scope({ persistence: one, ...(defaults && { idempotency: defaults }) })
    await s.task(() => 1, { idempotency: { key: 'k', ...(lease && { lease }) } })
    expect(claim).toHaveBeenCalledExactlyOnceWith('k', expect.objectContaining({ lease: expected }))
  })

  it('is inherited by children', async () => {
    const claim = claimsOf(one)
    await using s = scope({ persistence: one, idempotency: { defaultLease: 700 } })
    await s.createChild().task(() => 1, { idempotency })
    expect(claim).toHaveBeenCalledExactlyOnceWith('k', expect.objectContaining({ lease: 700 }))
  })

  it('outlasts a function that takes longer', async () => {
    await using s = scope({ persistence: one })
    await using other = scope({ persistence: two })
    const rival = vi.fn()
    const task = s.task(() => clock.passed(1500).then(() => 'mine'), { idempotency: { key: 'k', lease: 600 } })
    await eventually(async () => expect((await claimState()).state).toBe('running'))
    expect(await other.task(rival, { idempotency })).toEqual([undefined, 'mine'])
    expect(await task).toEqual([undefined, 'mine'])
    expect(rival).not.toHaveBeenCalled()
  })

  it('that ended while the event loop was blocked loses no result if no other run has claimed the key', async () => {
    // The system's clock: its timers fire after the blocking wait, and after the result is stored.
    await using real = await twoConnections()
    await using s = scope({ persistence: real.one })
    const block = vi.fn(() => {
      // Blocks the event loop like a computation, without using the CPU.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)), 0, 0, 1200)
      return 'slow'
    })
    const slow = { idempotency: { key: 'k', lease: 1000 } }
    expect(await s.task(block, slow)).toEqual([undefined, 'slow'])
    expect(await s.task(block, slow)).toEqual([undefined, 'slow'])
    expect(block).toHaveBeenCalledOnce()
  })
})

describe('a resumed task with an idempotency key', () => {
  it('runs in one of two processes, and both get its result', async () => {
    await using s = scope({ persistence: one })
    await using other = scope({ persistence: two })
    const fn = vi.fn(() => clock.passed(100).then(() => 'imported'))
    const both = [s, other].map((each) => each.resumeTask('job', fn, { idempotency }))
    expect(await Promise.all(both)).toEqual(Array(2).fill([undefined, 'imported']))
    expect(fn).toHaveBeenCalledOnce()
  })

  it('continues from the newest checkpoint of the process that had its key and has died', async () => {
    await two.idempotency.claim('k', { lease: 600 })
    await using s = scope({ persistence: one })
    const resumed = s.resumeTask('job', ({ checkpoint }) => checkpoint.data, { idempotency })
    await two.checkpoint.save({ id: 'c', taskId: 'job', sequence: 1, timestamp: 0, progress: 0, data: { done: 3 } })
    expect(await resumed).toEqual([undefined, { done: 3 }])
  })
})

describe('a run of another process', () => {
  it('is waited for, and the log says so', async () => {
    const logger = notes()
    const end = deferred<string>()
    await using s = scope({ persistence: one })
    await using other = scope({ persistence: two, logger })
    const first = s.task(() => end.promise, { idempotency })
    await eventually(async () => expect((await claimState()).state).toBe('running'))
    const second = other.task(() => 'rival', { idempotency })
    await eventually(() => expect(logger.info).toHaveBeenCalledOnce())
    expect(logger.info.mock.lastCall?.[0]).toContain("waiting for idempotency key 'k'")
    end.resolve('first')
    expect(await second).toEqual([undefined, 'first'])
    expect(await first).toEqual([undefined, 'first'])
    expect(logger.info).toHaveBeenCalledOnce()
  })

  it('of a process that died is waited for until its lease is over, not longer', async () => {
    await one.idempotency.claim('k', { lease: 150 })
    const asked = clock.monotonic()
    await using s = scope({ persistence: two })
    expect(await s.task(() => 'ran', { idempotency })).toEqual([undefined, 'ran'])
    expect(clock.monotonic() - asked).toBeLessThan(5000)
  })

  it('is not waited for by an aborted task', async () => {
    await one.idempotency.claim('k', { lease: 60_000 })
    const fn = vi.fn()
    await using s = scope({ persistence: two })
    const [error] = await s.task(fn, { idempotency, timeout: 30 })
    expect(error).toMatchObject({ message: 'Task timeout after 30ms' })
    expect(fn).not.toHaveBeenCalled()
  })

  it('is waited for although the logger fails', async () => {
    const claim = await one.idempotency.claim('k', { lease: 60_000 })
    const logger = { ...notes(), info: () => Promise.reject(new Error('log')) }
    const onError = vi.fn()
    await using s = scope({ persistence: two, logger, hooks: { onError } })
    const task = s.task(() => 'ran', { idempotency })
    await eventually(() => expect(onError).toHaveBeenCalledExactlyOnceWith(new Error('log'), 'logger'))
    if (claim.state === 'claimed') await claim.fail(undefined)
    expect(await task).toEqual([undefined, 'ran'])
  })
})

describe('the key', () => {
  it('of an aborted task is freed before dispose ends, so that a store may be closed after it', async () => {
    const saved = deferred()
    vi.spyOn(one.checkpoint, 'save').mockReturnValue(saved.promise)
    const s = scope({ persistence: one })
    const running = deferred()
    const task = s.task(
      ({ checkpoint, signal }) => {
        void checkpoint.save(1)
        running.resolve()
        return abortPromise(signal)
      },
      { idempotency, checkpoint: {} },
    )
    await running.promise
    const end = s[Symbol.asyncDispose]()
    expect((await task)[0]).toMatchObject({ message: 'Scope disposed' })
    saved.resolve()
    await end
    await one.disconnect()
    expect((await claimState()).state).toBe('claimed')
  })
})

/** Returns what another process gets that claims the key, and releases its claim. */
async function claimState() {
  const claim = await two.idempotency.claim('k', { lease: 1000 })
  if (claim.state === 'claimed') await claim.fail(undefined)
  return claim
}
