import { expect, test } from 'vitest'
import { Diagnostics } from '../../packages/shared/src/errors/diagnostics.js'
import type { PersistenceError } from '../../packages/shared/src/errors/persistence-error.js'
import { Backlog } from '../../packages/shared/src/queue/backlog.js'

const LIMIT = 1_000_000
const STEP = 5_000

/** Returns the error with which a call is refused; `undefined` if it waits. */
function refusal(backlog: Backlog<{ name: string }>, name = 'cache.get'): unknown {
  try {
    backlog.push({ name })
    return undefined
  } catch (error) {
    return error
  }
}

test('a backlog reports 10,000 waiting calls and each doubling, each time that it grows, and refuses none of a million', () => {
  const reported: unknown[] = []
  const diagnostics = new Diagnostics((error) => error as PersistenceError, {} as never)
  diagnostics.add((event) => reported.push(event))
  const backlog = new Backlog<{ name: string; count?: number }>(diagnostics)
  const pressure = [1, 2, 4, 8, 16, 32, 64].map((times) => {
    return { type: 'queue-pressure', waiting: 10_000 * times, limit: LIMIT }
  })
  for (const growth of ['the first', 'after it was empty']) {
    reported.length = 0
    for (let calls = 0; calls < LIMIT; calls += STEP) backlog.push({ name: 'cache.set', count: STEP })
    expect(reported, growth).toEqual(pressure)
    expect(refusal(backlog)).toMatchObject({ code: 'QUEUE_FULL', operation: 'cache.get', retryable: true })
    expect(backlog.calls).toBe(LIMIT)
    backlog.take(1)
    expect(refusal(backlog)).toBeUndefined()
    backlog.take(backlog.length)
    expect(backlog.calls).toBe(0)
  }
})

test('a full backlog takes the release of a lock, which would be held until its lease ends', () => {
  const backlog = new Backlog<{ name: string; count?: number }>(
    new Diagnostics((error) => error as PersistenceError, {} as never),
  )
  backlog.push({ name: 'cache.set', count: LIMIT })
  expect(refusal(backlog)).toMatchObject({ code: 'QUEUE_FULL' })
  expect(refusal(backlog, 'lock.release')).toBeUndefined()
})
