import type { RetryDelay } from './retry-options.js'

/** `base` ms, give or take `factor` of it. */
export function jitter(base: number, factor = 0.1): RetryDelay {
  return () => Math.max(0, base * (1 + factor * (2 * Math.random() - 1)))
}
