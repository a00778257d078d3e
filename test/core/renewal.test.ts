import { ManualClock } from '@go-go-scope/persistence-conformance'
import { expect, test } from 'vitest'
import { type Hold, leaseOf, moveExpiry, renewedLease } from '../../packages/shared/src/stores/lock/hold.js'
import { Renewal } from '../../packages/shared/src/time/renewal.js'

const TTL = 900

/** Makes a renewed hold; the test answers its extensions. */
function renewed(clock: ManualClock, maxLife: number = Number.POSITIVE_INFINITY) {
  const answers: ((extended?: boolean) => Promise<void>)[] = []
  const asked: number[] = []
  const hold: Hold = {
    key: 'k',
    token: 1,
    owner: 'me',
    expiresAt: clock.monotonic() + TTL,
    margin: TTL / 10,
    count: 1,
    lease: undefined,
  }
  const extend = (ttl: number): Promise<boolean> =>
    new Promise((resolve) => {
      asked.push(ttl)
      answers.push(async (extended = true) => {
        if (extended) moveExpiry(hold, clock.monotonic() + ttl)
        resolve(extended)
        await new Promise((next) => setImmediate(next))
      })
    })
  const renewal = new Renewal(clock, renewedLease(hold, clock), TTL, maxLife, extend)
  return { hold, answers, asked, renewal }
}

test('a lock whose signal has aborted is not renewed, also by an extension in flight', async () => {
  const clock = new ManualClock()
  const { hold, answers } = renewed(clock)
  const { signal } = leaseOf(hold, clock)
  clock.advance(TTL * 0.95)
  expect(signal.aborted).toBe(true)
  await answers[0]?.()
  clock.advance(10 * TTL)
  expect(answers).toHaveLength(1)
  expect(hold.expiresAt).toBeLessThan(clock.monotonic())
})

test('a slow extension keeps a lock whose signal has not aborted', async () => {
  const clock = new ManualClock()
  const { hold, answers } = renewed(clock)
  clock.advance(TTL * 0.95)
  await answers[0]?.()
  clock.advance(TTL / 3)
  expect(answers).toHaveLength(2)
  expect(leaseOf(hold, clock).signal.aborted).toBe(false)
})

test('an extension that has failed is tried again, also the last one before the maximum life', async () => {
  const clock = new ManualClock()
  const { answers, asked } = renewed(clock, 1.2 * TTL)
  clock.advance(TTL / 3)
  await answers[0]?.(false)
  clock.advance(TTL / 3)
  await answers[1]?.()
  expect(asked).toEqual([780, 480])
  expect(clock.pending, 'the rest of its life is the last extension').toBe(0)
})

test('a renewal that is stopped during an extension leaves no timer', async () => {
  const clock = new ManualClock()
  const { answers, renewal } = renewed(clock)
  clock.advance(TTL / 3)
  renewal.stop()
  await answers[0]?.()
  expect(clock.pending).toBe(0)
})
