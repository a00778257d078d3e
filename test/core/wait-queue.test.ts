import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { LockWaiter } from '../../packages/shared/src/stores/lock/wait-queue.js'

const MANY = 1_000

function collect(): void {
  setFlagsFromString('--expose-gc')
  ;(runInNewContext('gc') as () => void)()
}

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

/** Lets many callers wait behind the first one, a few at a time, until they give up. Weakly refers to those who have left. */
function callersThatLeft(): WeakRef<LockWaiter>[] {
  const left: WeakRef<LockWaiter>[] = []
  const waiting: LockWaiter[] = []
  for (let caller = 0; caller < MANY; caller++) {
    waiting.push(new LockWaiter('lock'))
    if (waiting.length < 10) continue
    const gone = waiting.shift() as LockWaiter
    gone.leave()
    left.push(new WeakRef(gone))
  }
  for (const waiter of waiting) waiter.leave()
  return left
}

// The first caller may wait for days, for a lock that another process keeps.
test('callers that have left are not kept while the first one waits', async () => {
  const first = new LockWaiter('lock')
  const left = callersThatLeft()
  // Weak references keep their objects until the end of the turn.
  await new Promise((resolve) => setImmediate(resolve))
  collect()
  expect(left.filter((waiter) => waiter.deref() !== undefined).length).toBe(0)
  expect(first.isFirst).toBe(true)
  first.leave()
})
