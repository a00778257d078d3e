import type { RetryDelay } from './retry-options.js'

/** Each delay lies between `initial` and three times the one before, never above `max`. ms. */
export function decorrelatedJitter(options: { initial?: number; max?: number } = {}): RetryDelay {
  const { initial = 100, max = 30_000 } = options
  let previous = initial
  return (attempt) => {
    if (attempt === 1) previous = initial
    previous = Math.min(max, initial + Math.random() * (previous * 3 - initial))
    return previous
  }
}
