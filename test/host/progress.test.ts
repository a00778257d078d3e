import { createProgressContext } from 'go-go-scope'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

it('starts at 0 or at the given percentage, without an estimate', () => {
  expect(createProgressContext().get()).toEqual({ percentage: 0 })
  expect(createProgressContext(40).get()).toEqual({ percentage: 40 })
})

it('estimates from the rate since the first update', () => {
  const progress = createProgressContext()
  progress.update(20)
  expect(progress.get()).toEqual({ percentage: 20 })
  vi.advanceTimersByTime(1000)
  progress.update(30)
  expect(progress.get()).toEqual({ percentage: 30, eta: expect.closeTo(7000) })
  vi.advanceTimersByTime(1000)
  progress.update(60)
  expect(progress.get()).toEqual({ percentage: 60, eta: expect.closeTo(2000) })
})

it('has no estimate at the ends, nor without progress', () => {
  const progress = createProgressContext()
  progress.update(0)
  expect(progress.get()).toEqual({ percentage: 0 })
  vi.advanceTimersByTime(1000)
  progress.update(100)
  expect(progress.get()).toEqual({ percentage: 100 })
  const stuck = createProgressContext()
  stuck.update(50)
  vi.advanceTimersByTime(1000)
  stuck.update(50)
  expect(stuck.get()).toEqual({ percentage: 50 })
})

it('keeps fractions, and limits values to 0 and 100', () => {
  const progress = createProgressContext()
  for (const [given, kept] of [
    [12.34, 12.34],
    [-5, 0],
    [250, 100],
  ] as const) {
    progress.update(given)
    expect(progress.get().percentage).toBe(kept)
  }
  for (const wrong of [Number.NaN, '50', undefined, null, 5n]) {
    expect(() => progress.update(wrong as number)).toThrow(TypeError)
    expect(progress.get().percentage).toBe(100)
  }
})

it('calls its listeners until they unsubscribe, also when they throw', () => {
  const report = vi.fn()
  const progress = createProgressContext(0, report)
  const listener = vi.fn()
  progress.onUpdate(() => {
    throw new Error('listener')
  })
  const off = progress.onUpdate(listener)
  progress.update(10)
  off()
  progress.update(20)
  expect(listener).toHaveBeenCalledExactlyOnceWith({ percentage: 10 })
  expect(report).toHaveBeenCalledWith('progress.onUpdate', new Error('listener'))
})
