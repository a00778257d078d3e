import {
  type Claim,
  type ClaimedKey,
  type ClaimingIdempotencyProvider,
  InMemoryCheckpointProvider,
  InMemoryIdempotencyProvider,
  scope,
} from 'go-go-scope'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { deferred } from './support/deferred.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const idempotency = { key: 'k' }

/** A provider whose claims the test answers. */
function claiming(...answers: unknown[]) {
  const lost = new AbortController()
  const held = {
    state: 'claimed' as const,
    owner: 'me',
    generation: 1,
    expiresAt: Date.now() + 30_000,
    signal: lost.signal,
    complete: vi.fn(async () => ({ recorded: true })),
    fail: vi.fn(async () => ({ recorded: true })),
    renew: vi.fn(async () => true),
  }
  const claim = vi.fn(async () => (answers.length > 0 ? answers.shift() : held) as Claim<never>)
  const provider = Object.assign(new InMemoryIdempotencyProvider(), { claim }) as InMemoryIdempotencyProvider &
    ClaimingIdempotencyProvider & { claim: typeof claim }
  return { provider, held: held as typeof held & ClaimedKey<never>, lost, claim }
}

describe('a task whose provider can claim keys', () => {
  it('claims its key with lease, ttl and signal, and completes with the tuple', async () => {
    const { provider, held, claim } = claiming()
    await using s = scope({ persistence: { idempotency: provider } })
    const task = s.task(() => 5, { idempotency: { key: 'k', ttl: 700 } })
    expect(await task).toEqual([undefined, 5])
    expect(claim).toHaveBeenCalledExactlyOnceWith('k', {
      lease: 10_000,
      signal: task.signal,
      ttl: 700,
    })
    expect(held.complete).toHaveBeenCalledExactlyOnceWith([undefined, 5])
    expect(held.fail).not.toHaveBeenCalled()
    expect(provider.size).toBe(0)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('replays a completed key', async () => {
    const { provider } = claiming({ state: 'completed', value: [undefined, 'theirs'], replay: true })
    await using s = scope({ persistence: { idempotency: provider } })
    const fn = vi.fn()
    expect(await s.task(fn, { idempotency })).toEqual([undefined, 'theirs'])
    expect(fn).not.toHaveBeenCalled()
  })

  it.each([['paid'], [{ receipt: 'R-1' }], [[]], [[1, 2, 3]]])(
    'is refused when its key holds %j, which no task has stored, and leaves that there',
    async (value) => {
      const { provider } = claiming({ state: 'completed', value, replay: true })
      const removed = vi.spyOn(provider, 'delete')
      await using s = scope({ persistence: { idempotency: provider } })
      const fn = vi.fn()
      const [error] = await s.task(fn, { idempotency })
      expect(error).toMatchObject({ message: expect.stringContaining("'k' holds a value that no task has stored") })
      expect(fn).not.toHaveBeenCalled()
      expect(removed).not.toHaveBeenCalled()
    },
  )

  it('runs a key again whose failure an older host recorded', async () => {
    const failed = { state: 'completed', value: [new Error('x'), undefined], replay: true }
    const { provider, held, claim } = claiming(failed, { state: 'vacant' }, failed)
    const removed = vi.spyOn(provider, 'delete')
    await using s = scope({ persistence: { idempotency: provider } })
    expect(await s.task(() => 'ran', { idempotency })).toEqual([undefined, 'ran'])
    expect(removed).toHaveBeenCalledExactlyOnceWith('k')
    expect(claim).toHaveBeenCalledTimes(4)
    expect(held.complete).toHaveBeenCalledExactlyOnceWith([undefined, 'ran'])
  })

  it('replays the result of another process that ran such a key first', async () => {
    const failed = { state: 'completed', value: [new Error('x'), undefined], replay: true }
    const succeeded = { state: 'completed', value: [undefined, 'theirs'], replay: true }
    const turn = { state: 'claimed', fail: vi.fn(async () => ({ recorded: true })) }
    const { provider } = claiming(failed, turn, succeeded)
    const removed = vi.spyOn(provider, 'delete')
    await using s = scope({ persistence: { idempotency: provider } })
    expect(await s.task(() => 'mine', { idempotency })).toEqual([undefined, 'theirs'])
    expect(removed).not.toHaveBeenCalled()
    expect(turn.fail).toHaveBeenCalledOnce()
  })

  it('frees the key when it fails', async () => {
    const { provider, held } = claiming()
    await using s = scope({ persistence: { idempotency: provider } })
    await s.task(() => Promise.reject(new TypeError('x')), { idempotency })
    expect(held.fail).toHaveBeenCalledExactlyOnceWith(new TypeError('x'))
    expect(held.complete).not.toHaveBeenCalled()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('frees the key of an aborted task when its function has ended, and renews the claim until then', async () => {
    const { provider, held } = claiming()
    await using s = scope({ persistence: { idempotency: provider } })
    const end = deferred()
    const task = s.task(() => end.promise, { idempotency: { key: 'k', lease: 300 }, timeout: 100 })
    await vi.advanceTimersByTimeAsync(350)
    await task
    expect(held.renew).toHaveBeenCalledTimes(3)
    expect(held.fail).not.toHaveBeenCalled()
    end.reject(new Error('noticed'))
    await vi.advanceTimersByTimeAsync(0)
    expect(held.fail).toHaveBeenCalledOnce()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('frees a claim that is granted after the abort', async () => {
    const granted = deferred<unknown>()
    const { provider, held, claim } = claiming()
    claim.mockReturnValueOnce(granted.promise as Promise<Claim<never>>)
    await using s = scope({ persistence: { idempotency: provider } })
    const fn = vi.fn()
    const task = s.task(fn, { idempotency })
    task[Symbol.dispose]()
    await task
    granted.resolve(held)
    await vi.advanceTimersByTimeAsync(0)
    expect(held.fail).toHaveBeenCalledOnce()
    expect(fn).not.toHaveBeenCalled()
  })

  it('delays the end of its parent scope once, however many children ignore their signals', async () => {
    const { provider, held } = claiming()
    const s = scope({ persistence: { idempotency: provider } })
    for (let n = 0; n < 20; n++) {
      void s.createChild().task(() => new Promise(() => {}), { idempotency: { key: `k${n}` } })
    }
    await vi.advanceTimersByTimeAsync(0)
    const ended = vi.fn()
    void s[Symbol.asyncDispose]().then(ended)
    await vi.advanceTimersByTimeAsync(99)
    expect(ended).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    expect(ended).toHaveBeenCalledOnce()
    expect(held.fail).not.toHaveBeenCalled()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('renews the claim every third of its lease while it runs', async () => {
    const { provider, held } = claiming()
    await using s = scope({ persistence: { idempotency: provider } })
    const task = s.task(() => s.delay(10_000), { idempotency: { key: 'k', lease: 9000 } })
    await vi.advanceTimersByTimeAsync(2999)
    expect(held.renew).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(7001)
    await task
    expect(held.renew.mock.calls).toEqual([[9000], [9000], [9000]])
  })

  it('tries again soon when a renewal was not possible', async () => {
    const { provider, held } = claiming()
    held.renew.mockResolvedValueOnce(false)
    await using s = scope({ persistence: { idempotency: provider } })
    const task = s.task(() => s.delay(22_000), { idempotency: { key: 'k', lease: 30_000 } })
    await vi.advanceTimersByTimeAsync(22_000)
    expect(await task).toEqual([undefined, undefined])
    expect(held.renew).toHaveBeenCalledTimes(2)
  })

  it('is aborted when the claim is lost', async () => {
    const { provider, lost } = claiming()
    await using s = scope({ persistence: { idempotency: provider } })
    const task = s.task(() => new Promise(() => {}), { idempotency })
    await vi.advanceTimersByTimeAsync(0)
    lost.abort('lost')
    expect(await task).toEqual(['lost', undefined])
  })

  it('is not aborted when the claim is lost while its result is recorded', async () => {
    const { provider, held, lost } = claiming()
    held.complete.mockImplementation(async () => {
      lost.abort('lost')
      return { recorded: true }
    })
    await using s = scope({ persistence: { idempotency: provider } })
    const task = s.task(() => 1, { idempotency })
    expect(await task).toEqual([undefined, 1])
    expect(task.signal.aborted).toBe(false)
  })

  it('does not run when it is aborted before the claim is granted', async () => {
    const { provider, held, claim } = claiming()
    const granted = deferred<never>()
    claim.mockReturnValueOnce(granted.promise)
    const checkpoint = new InMemoryCheckpointProvider()
    const loadLatest = vi.spyOn(checkpoint, 'loadLatest')
    await using s = scope({ persistence: { idempotency: provider, checkpoint } })
    const fn = vi.fn()
    const task = s.task(fn, { idempotency, checkpoint: {} })
    await vi.advanceTimersByTimeAsync(0)
    task[Symbol.dispose]()
    granted.resolve(held as never)
    await task
    await vi.advanceTimersByTimeAsync(0)
    expect(fn).not.toHaveBeenCalled()
    expect(loadLatest).not.toHaveBeenCalled()
    expect(held.fail).toHaveBeenCalledOnce()
  })

  it('reports no failure to free its key after the end of its scope', async () => {
    const { provider, held } = claiming()
    held.fail.mockRejectedValue(new Error('closed'))
    const onError = vi.fn()
    const s = scope({ persistence: { idempotency: provider }, hooks: { onError } })
    const end = deferred()
    const task = s.task(() => end.promise, { idempotency })
    await vi.advanceTimersByTimeAsync(0)
    const disposed = s[Symbol.asyncDispose]()
    await vi.advanceTimersByTimeAsync(100)
    await disposed
    await task
    end.resolve()
    await vi.advanceTimersByTimeAsync(0)
    expect(held.fail).toHaveBeenCalledOnce()
    expect(onError).not.toHaveBeenCalled()
  })

  it('leaves no timer when its key is freed before the end of its scope', async () => {
    const { provider } = claiming()
    const s = scope({ persistence: { idempotency: provider } })
    const end = deferred()
    const task = s.task(() => end.promise, { idempotency })
    await vi.advanceTimersByTimeAsync(0)
    const disposed = s[Symbol.asyncDispose]()
    await vi.advanceTimersByTimeAsync(50)
    end.resolve()
    await Promise.all([disposed, task])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('fails with the error of a mark as it is, and of a store under its own name', async () => {
    const mark = [{ _tag: 'ResultNotStored', reason: 'why' }]
    const { provider, claim } = claiming({ state: 'completed', value: mark, replay: true })
    await using s = scope({ persistence: { idempotency: provider } })
    const [ofMark] = await s.task(() => 1, { idempotency })
    expect([(ofMark as Error).name, (ofMark as Error).cause]).toEqual(['ResultNotStoredError', undefined])
    const ofStore = Object.assign(new Error('why'), { code: 'RESULT_NOT_STORED' })
    claim.mockRejectedValueOnce(ofStore)
    const [error] = await s.task(() => 1, { idempotency })
    expect(error).toMatchObject({ name: 'ResultNotStoredError', message: (ofMark as Error).message, cause: ofStore })
  })

  it('takes the result that another process recorded first', async () => {
    const { provider, held } = claiming()
    const current = { state: 'completed', value: [undefined, 'theirs'], replay: true }
    held.complete.mockResolvedValue({ recorded: false, current } as never)
    await using s = scope({ persistence: { idempotency: provider } })
    expect(await s.task(() => 'mine', { idempotency })).toEqual([undefined, 'theirs'])
  })

  it('keeps its result when nothing can be recorded, reports that once, and leaves the key to its lease', async () => {
    const { provider, held } = claiming()
    held.complete.mockRejectedValue(new Error('disk'))
    const onError = vi.fn()
    await using s = scope({ persistence: { idempotency: provider }, hooks: { onError } })
    expect(await s.task(() => 1, { idempotency })).toEqual([undefined, 1])
    const notStored = { code: 'RESULT_NOT_STORED', key: 'k', cause: new Error('disk') }
    expect(onError).toHaveBeenCalledExactlyOnceWith(expect.objectContaining(notStored), 'idempotency.complete')
    expect(onError.mock.lastCall?.[0].message).toContain('disk; nothing is on record for the key')
    expect(held.fail).not.toHaveBeenCalled()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('records its result when the store was only busy', async () => {
    const { provider, held } = claiming()
    held.complete.mockRejectedValueOnce(Object.assign(new Error('busy'), { retryable: true }))
    const onError = vi.fn()
    await using s = scope({ persistence: { idempotency: provider }, hooks: { onError } })
    expect(await s.task(() => 1, { idempotency })).toEqual([undefined, 1])
    expect(held.complete.mock.calls).toEqual([[[undefined, 1]], [[undefined, 1]]])
    expect(onError).not.toHaveBeenCalled()
  })

  it('marks the key as done when a store has refused its result and left the claim', async () => {
    const { provider, held } = claiming()
    held.complete.mockRejectedValueOnce(new Error('no such type'))
    const onError = vi.fn()
    await using s = scope({ persistence: { idempotency: provider }, hooks: { onError } })
    expect(await s.task(() => 1, { idempotency })).toEqual([undefined, 1])
    expect(held.complete).toHaveBeenLastCalledWith([{ _tag: 'ResultNotStored', reason: 'no such type' }])
    expect(onError).toHaveBeenCalledOnce()
    expect(onError.mock.lastCall?.[0].message).toContain('no such type; the key counts as done')
  })

  it('does not run when the claim fails, because the key could then run twice', async () => {
    const { provider, claim } = claiming()
    claim.mockRejectedValue(new TypeError('busy'))
    await using s = scope({ persistence: { idempotency: provider } })
    const fn = vi.fn()
    expect(await s.task(fn, { idempotency })).toEqual([new TypeError('busy'), undefined])
    expect(fn).not.toHaveBeenCalled()
  })
})
