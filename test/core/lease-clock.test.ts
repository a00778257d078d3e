import { ManualClock } from '@go-go-scope/persistence-conformance'
import { expect, test } from 'vitest'
import { LeaseClock } from '../../packages/shared/src/time/lease-clock.js'

test('the connections to a file share its lease time, which is forgotten when the last of them has left', () => {
  const clock = new ManualClock()
  const enter = (identity: string) => LeaseClock.ofFile(clock, identity)
  const [first, second, other] = [enter('1:2'), enter('1:2'), enter('1:3')]
  expect(second.time).toBe(first.time)
  expect(other.time).not.toBe(first.time)
  first.leave()
  const third = enter('1:2')
  expect(third.time).toBe(first.time)
  second.leave()
  third.leave()
  expect(enter('1:2').time).not.toBe(first.time)
})
