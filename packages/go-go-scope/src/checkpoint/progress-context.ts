import { callSafely, ignoreReport, type Reporter } from '../errors/reporter.js'
import { ANY_NUMBER, checkValue } from '../options/check-value.js'

export interface Progress {
  /** 0 to 100, may be fractional. */
  percentage: number
  /** Estimated ms until 100, from the rate since the first update. Absent at 0 and 100, and while there is no rate. */
  eta?: number
}

export interface ProgressContext {
  /** Sets the percentage. Values outside 0 to 100 are clamped. */
  update(percentage: number): void
  get(): Progress
  /** Returns the unsubscriber. */
  onUpdate(listener: (progress: Progress) => void): () => void
}

/** @param percentage The initial value, for a resumed task. */
export function createProgressContext(percentage = 0, report: Reporter = ignoreReport): ProgressContext {
  const listeners = new Set<(progress: Progress) => void>()
  let current = percentage
  let first: { percentage: number; time: number } | undefined
  let updated = 0

  const get = (): Progress => {
    const gained = current - (first?.percentage ?? current)
    if (first === undefined || current <= 0 || current >= 100 || gained <= 0) return { percentage: current }
    return { percentage: current, eta: ((updated - first.time) * (100 - current)) / gained }
  }
  return {
    get,
    update(wanted) {
      checkValue('progress', wanted, ANY_NUMBER)
      current = Math.min(100, Math.max(0, wanted))
      updated = performance.now()
      first ??= { percentage: current, time: updated }
      for (const listener of [...listeners]) callSafely(report, 'progress.onUpdate', () => listener(get()))
    },
    onUpdate(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
