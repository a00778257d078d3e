import { expect, test } from 'vitest'
import { systemClock } from '../../packages/shared/src/time/clock.js'

test('a timer of any length does not fire at once, although Node knows none of more than 25 days', async () => {
  const fired: number[] = []
  const cancel = [2 ** 31, Number.MAX_SAFE_INTEGER, Number.POSITIVE_INFINITY].map((delay) =>
    systemClock.setTimer(() => fired.push(delay), delay),
  )
  // Set later than those, so it would fire after them.
  await new Promise((resolve) => setTimeout(resolve, 5))
  expect(fired).toEqual([])
  for (const end of cancel) end()
})
