/** ms to wait before retry number `attempt` (from 1), after `error`. */
export type RetryDelay = (attempt: number, error: unknown) => number

export interface RetryOptions {
  /** The number of retries: 2 means at most three runs. Default 3. */
  max?: number
  /** ms. Default: 100, 200, 400 ... capped at 30000. */
  delay?: number | RetryDelay
  /** `false` ends the retries. */
  if?: (error: unknown) => boolean
  onRetry?: (error: unknown, attempt: number) => void
}

/** `exponential` waits 100, 200, 400 ... ms, `linear` 1000, 2000, 3000 ..., `fixed` 1000 each; all three retry 3 times. */
export type RetryStrategy = 'exponential' | 'linear' | 'fixed'
