import type { RetryDelay } from './retry-options.js'

/** base, base + increment, base + 2 x increment ... ms. */
export function linear(base: number, increment: number): RetryDelay {
  return (attempt) => base + increment * (attempt - 1)
}
