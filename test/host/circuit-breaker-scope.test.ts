import { CircuitOpenError, scope } from 'go-go-scope'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const ok = () => 'ok'
const boom = () => Promise.reject(new Error('boom'))

describe('a breaker in a scope', () => {
  it('is shared by the tasks of the scope', async () => {
    await using s = scope({ circuitBreaker: { failureThreshold: 2 } })
    await s.task(boom)
    await s.task(boom)
    const fn = vi.fn()
    const [error] = await s.task(fn)
    expect(error).toBeInstanceOf(CircuitOpenError)
    expect(error?.message).toBe('Circuit breaker is open')
    expect(fn).not.toHaveBeenCalled()
  })

  it("is replaced by the task's own, which is new for each task", async () => {
    const circuitBreaker = { failureThreshold: 1 }
    await using s = scope({ circuitBreaker })
    await s.task(boom, { circuitBreaker })
    expect(await s.task(ok, { circuitBreaker })).toEqual([undefined, 'ok'])
    expect(await s.task(ok)).toEqual([undefined, 'ok'])
  })

  it('of a task with a key is shared by all tasks with that key, across scopes', async () => {
    const circuitBreaker = { failureThreshold: 1, key: 'shared by key' }
    await using one = scope()
    await using two = scope()
    await one.task(boom, { circuitBreaker })
    expect((await two.task(ok, { circuitBreaker }))[0]).toMatchObject({ message: 'Circuit breaker is open' })
  })

  it('counts the retries of one task once', async () => {
    await using s = scope({ circuitBreaker: { failureThreshold: 2 } })
    const fn = vi.fn(boom)
    const task = s.task(fn, { retry: { max: 4, delay: 1 } })
    await vi.advanceTimersByTimeAsync(10)
    await task
    expect(fn).toHaveBeenCalledTimes(5)
    expect(await s.task(ok)).toEqual([undefined, 'ok'])
  })

  it('does not count the time-out of a task', async () => {
    await using s = scope({ circuitBreaker: { failureThreshold: 1 } })
    const task = s.task(() => new Promise(() => {}), { timeout: 10 })
    await vi.advanceTimersByTimeAsync(10)
    await task
    expect(await s.task(ok)).toEqual([undefined, 'ok'])
  })
})
