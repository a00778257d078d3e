import { scope } from 'go-go-scope'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { deferred } from '../support/deferred.js'
import { eventually } from '../support/eventually.js'
import { heldFunction } from '../support/held-function.js'
import { LoopClock } from '../support/loop-clock.js'
import { connectForEachTest, one, two } from './two-connections.js'

let clock: LoopClock

beforeEach(() => {
  clock = new LoopClock()
})
afterEach(() => clock[Symbol.dispose]())
connectForEachTest(() => clock)

/** Returns what another process gets that claims the key, and releases its claim. */
async function claimState() {
  const claim = await two.idempotency.claim('k', { lease: 1000 })
  if (claim.state === 'claimed') await claim.fail(undefined)
  return claim.state
}

describe('the key of an aborted task whose function goes on', () => {
  it('is not run again until the function has ended, not even after its lease', async () => {
    const goesOn = heldFunction()
    const rival = vi.fn(() => 'rival')
    await using s = scope({ persistence: one })
    await using other = scope({ persistence: two })
    const task = s.task(goesOn.run, { idempotency: { key: 'k', lease: 500 } })
    await goesOn.begun
    task[Symbol.dispose]()
    expect((await task)[0]).toMatchObject({ message: 'Task disposed' })
    const second = other.task(rival, { idempotency: { key: 'k' } })
    const here = s.task(rival, { idempotency: { key: 'k' } })
    await clock.passed(800)
    expect(rival).not.toHaveBeenCalled()
    goesOn.end.resolve()
    expect(await Promise.all([second, here])).toEqual([
      [undefined, 'rival'],
      [undefined, 'rival'],
    ])
    expect(rival).toHaveBeenCalledOnce()
  })

  it('is free before dispose ends when the function notices its signal soon, so that a store may be closed', async () => {
    const s = scope({ persistence: one })
    const running = deferred()
    const task = s.task(
      ({ signal }) => {
        running.resolve()
        return new Promise((_, reject) => {
          signal.addEventListener('abort', () => setTimeout(() => reject(signal.reason), 5))
        })
      },
      { idempotency: { key: 'k' } },
    )
    await running.promise
    await s[Symbol.asyncDispose]()
    await one.disconnect()
    expect((await task)[0]).toMatchObject({ message: 'Scope disposed' })
    expect(await claimState()).toBe('claimed')
  })

  it('stays claimed until its lease ends when dispose has given up waiting', async () => {
    const onError = vi.fn()
    const s = scope({ persistence: one, hooks: { onError } })
    const goesOn = heldFunction()
    void s.task(goesOn.run, { idempotency: { key: 'k', lease: 400 } })
    await goesOn.begun
    await s[Symbol.asyncDispose]()
    expect(await claimState()).toBe('running')
    await one.disconnect()
    await eventually(async () => expect(await claimState()).toBe('claimed'))
    // The store is closed, so the end cannot be recorded.
    goesOn.end.resolve()
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(onError).not.toHaveBeenCalled()
  })

  it('is free when the function ends after the dispose, if the store is still open', async () => {
    const s = scope({ persistence: one })
    const goesOn = heldFunction()
    void s.task(goesOn.run, { idempotency: { key: 'k', lease: 60_000 } })
    await goesOn.begun
    await s[Symbol.asyncDispose]()
    expect(await claimState()).toBe('running')
    goesOn.end.resolve()
    await eventually(async () => expect(await claimState()).toBe('claimed'))
  })
})

describe('a failure on record', () => {
  it('that was kept under a claim is replayed', async () => {
    const claim = await two.idempotency.claim('k', { lease: 1000, onFailure: 'keep' })
    if (claim.state === 'claimed') await claim.fail(new TypeError('card declined'))
    const fn = vi.fn()
    await using s = scope({ persistence: one })
    const [error] = await s.task(fn, { idempotency: { key: 'k' } })
    expect(error).toMatchObject({ message: 'card declined' })
    expect(fn).not.toHaveBeenCalled()
    expect((await two.idempotency.claim('k', { lease: 1000 })).state).toBe('failed')
  })

  it('that an older host stored runs again, in one process', async () => {
    await one.idempotency.set('k', [new Error('old'), undefined])
    await using s = scope({ persistence: one })
    await using other = scope({ persistence: two })
    const fn = vi.fn(() => new Promise((resolve) => setTimeout(resolve, 30, 'ran')))
    const options = { idempotency: { key: 'k' } }
    expect(await Promise.all([s.task(fn, options), other.task(fn, options)])).toEqual([
      [undefined, 'ran'],
      [undefined, 'ran'],
    ])
    expect(fn).toHaveBeenCalledOnce()
  })

  it('that an older host stored does not bypass a claim', async () => {
    await one.idempotency.set('k', [new Error('old'), undefined])
    const end = deferred<string>()
    await using s = scope({ persistence: one })
    const task = s.task(() => end.promise, { idempotency: { key: 'k' } })
    await eventually(async () => expect(await claimState()).toBe('running'))
    end.resolve('ran')
    expect(await task).toEqual([undefined, 'ran'])
  })
})
