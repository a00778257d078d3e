import { expect, test, vi } from 'vitest'
import { LockWaiter } from '../../packages/shared/src/stores/lock/wait-queue.js'

const MANY = 1_000

test('the first waiter is the one that came first of those that are left', () => {
  const left: LockWaiter[] = []
  let seed = 1
  const random = (below: number): number => {
    seed = (seed * 48_271) % 2_147_483_647
    return seed % below
  }
  for (let step = 0; step < 20 * MANY; step++) {
    if (left.length === 0 || random(2) === 0) left.push(new LockWaiter('lock'))
    else left.splice(random(3) === 0 ? random(left.length) : 0, 1)[0]?.leave()
    expect(left.map(({ isFirst }) => isFirst).indexOf(true)).toBe(left.length === 0 ? -1 : 0)
  }
  for (const waiter of left) waiter.leave()
})

// An iteration from the start passes the places of all who have left, so that each grant would cost as much as all before it.
test('the next waiter is found without a new iteration over those who have left', () => {
  const waiters = Array.from({ length: MANY }, () => new LockWaiter('lock'))
  const iterations = vi.spyOn(Set.prototype, Symbol.iterator)
  const firsts = waiters.map((waiter) => {
    const { isFirst } = waiter
    waiter.leave()
    return isFirst
  })
  const { length } = iterations.mock.calls
  iterations.mockRestore()
  expect(firsts).toEqual(Array(MANY).fill(true))
  expect(length).toBe(0)
})
