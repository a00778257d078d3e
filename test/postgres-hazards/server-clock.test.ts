import { afterEach, expect, test, vi } from 'vitest'
import { proveCell } from '../postgres/cell.js'
import { disconnectAfterEach, newSchema, opens } from './server-adapters.js'

disconnectAfterEach()

proveCell()

const HOUR = 3_600_000

afterEach(() => {
  vi.restoreAllMocks()
})

/** This process's clock is off by `ms` while `work` runs. */
async function withClockOff<T>(ms: number, work: () => Promise<T>): Promise<T> {
  const { now } = Date
  const off = vi.spyOn(Date, 'now').mockImplementation(() => now() + ms)
  try {
    return await work()
  } finally {
    off.mockRestore()
  }
}

test.each([-HOUR, HOUR])('a client whose clock is off by %s ms agrees on every lease and ttl', async (off) => {
  const schema = newSchema()
  const [right, wrong] = [await opens(schema), await opens(schema)]
  const lock = await withClockOff(off, () => wrong.acquire('job', 60_000))
  expect(lock).not.toBeNull()
  expect(await right.acquire('job', 60_000)).toBeNull()
  expect(await right.acquire('other', 60_000)).not.toBeNull()
  expect(await withClockOff(off, () => wrong.acquire('other', 60_000))).toBeNull()

  await withClockOff(off, () => wrong.cache.set('k', 1, 60_000))
  expect(await right.cache.get('k')).toBe(1)
  await right.cache.set('soon', 1, 1)
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(await withClockOff(off, () => wrong.cache.get('soon'))).toBeNull()
  await withClockOff(off, () => wrong.prune())
  expect(await right.cache.get('k')).toBe(1)

  const claim = await withClockOff(off, () => wrong.idempotency.claim('pay', { lease: 60_000 }))
  expect(claim.state).toBe('claimed')
  const other = await right.idempotency.claim('pay', { lease: 60_000 })
  expect(other.state).toBe('running')
  // In the time of the caller, who may wait by it.
  if (other.state === 'running') expect(Math.abs(other.until - Date.now() - 60_000)).toBeLessThan(10_000)

  await right.recordFailure('api', 1)
  const options = { resetTimeout: 60_000, probes: 1, lease: 1_000 }
  const admission = await withClockOff(off, () => wrong.circuitBreaker.admit('api', options))
  expect(admission.admitted).toBe(false)
})
