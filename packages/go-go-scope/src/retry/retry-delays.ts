import type { RetryDelay } from './retry-options.js'

export interface ExponentialBackoffOptions {
  /** ms before the first retry. Default 100. */
  initial?: number
  /** Longest delay, ms. Default 30000. */
  max?: number
  /** Default 2. */
  multiplier?: number
  /** Share of the delay that is random, up and down: 0.2 gives 80 to 120 %. Default 0. */
  jitter?: number
  /** `true`: anything from 0 to the delay. Default `false`. */
  fullJitter?: boolean
}

/** initial, initial x multiplier, initial x multiplier^2 ... never more than max. */
export function exponentialBackoff(options: ExponentialBackoffOptions = {}): RetryDelay {
  const { initial = 100, max = 30_000, multiplier = 2, jitter = 0, fullJitter = false } = options
  return (attempt) => {
    const delay = Math.min(max, initial * multiplier ** (attempt - 1))
    if (fullJitter) return Math.random() * delay
    return Math.min(max, Math.max(0, delay * (1 + jitter * (2 * Math.random() - 1))))
  }
}

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

/** `base` ms, plus or minus a random share of at most `factor`. */
export function jitter(base: number, factor = 0.1): RetryDelay {
  return () => Math.max(0, base * (1 + factor * (2 * Math.random() - 1)))
}

/** base, base + increment, base + 2 x increment ... ms. */
export function linear(base: number, increment: number): RetryDelay {
  return (attempt) => base + increment * (attempt - 1)
}
