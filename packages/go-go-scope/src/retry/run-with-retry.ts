import { callSafely, type Reporter } from '../errors/reporter.js'
import { sleep } from '../time/timer.js'
import { exponentialBackoff, linear } from './retry-delays.js'
import type { RetryOptions, RetryStrategy } from './retry-options.js'

const STRATEGIES: Record<RetryStrategy, RetryOptions> = {
  exponential: {},
  linear: { delay: linear(1000, 1000) },
  fixed: { delay: 1000 },
}

/**
 * Calls `run` until it succeeds or the retries are used up, and then rejects with its last error. If a callback of the
 * options throws, or does not return a number for the delay, that is reported and ends the retries. An abort ends the wait
 * and rejects with its reason.
 */
export async function runWithRetry<T>(
  run: () => Promise<T>,
  retry: RetryOptions | RetryStrategy,
  signal: AbortSignal,
  report: Reporter,
): Promise<T> {
  const options = typeof retry === 'string' ? STRATEGIES[retry] : retry
  const { max = 3, delay = exponentialBackoff(), onRetry } = options
  const waitAfter = (error: unknown, attempt: number): number | undefined => {
    try {
      if (options.if?.(error) === false) return undefined
      const wait: unknown = typeof delay === 'number' ? delay : delay(attempt, error)
      if (typeof wait === 'number' && !Number.isNaN(wait)) return wait
      throw new TypeError(`retry: the delay function must return a number of ms, got ${String(wait)}`)
    } catch (thrown) {
      report('retry', thrown)
      return undefined
    }
  }
  for (let attempt = 1; ; attempt++) {
    try {
      return await run()
    } catch (error) {
      const wait = attempt > max || signal.aborted ? undefined : waitAfter(error, attempt)
      if (wait === undefined) throw error
      callSafely(report, 'retry.onRetry', () => onRetry?.(error, attempt))
      await sleep(wait, signal)
    }
  }
}
