import { ManualClock } from '@go-go-scope/persistence-conformance'
import { expect, test } from 'vitest'
import { type Hold, leaseOf, moveExpiry, renewedLease } from '../../packages/shared/src/stores/lock/hold.js'
import { Renewal } from '../../packages/shared/src/time/renewal.js'

const TTL = 900

/** Makes a renewed hold; the test answers its extensions. */
function renewed(clock: ManualClock): { hold: Hold; answers: (() => Promise<void>)[] } {
  const answers: (() => Promise<void>)[] = []
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
      answers.push(async () => {
        moveExpiry(hold, clock.monotonic() + ttl)
        resolve(true)
        await new Promise((next) => setImmediate(next))
      })
    })
  new Renewal(clock, renewedLease(hold, clock), TTL, Number.POSITIVE_INFINITY, extend)
  return { hold, answers }
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
