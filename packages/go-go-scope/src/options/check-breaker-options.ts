import type {
  CircuitBreakerAdvancedOptions,
  CircuitBreakerOptions,
} from '../circuit-breaker/circuit-breaker-options.js'
import { checkOptions, type OptionTable } from './check-options.js'
import { ANYTHING, FROM_1, having, MS, MS_ABOVE_0, TEXT } from './check-value.js'

const BREAKER: OptionTable<CircuitBreakerOptions> = {
  failureThreshold: FROM_1,
  resetTimeout: MS,
  successThreshold: FROM_1,
  key: TEXT,
  provider: having('getState'),
  onStateChange: ANYTHING,
  onOpen: ANYTHING,
  onClose: ANYTHING,
  onHalfOpen: ANYTHING,
  advanced: ANYTHING,
}

const ADVANCED: OptionTable<CircuitBreakerAdvancedOptions> = {
  adaptiveThreshold: ANYTHING,
  minThreshold: FROM_1,
  maxThreshold: FROM_1,
  errorRateWindowMs: MS_ABOVE_0,
  onThresholdAdapt: ANYTHING,
  slidingWindow: ANYTHING,
  slidingWindowSizeMs: MS_ABOVE_0,
}

/** @throws TypeError for an unknown option name of a breaker, and for an invalid number. */
export function checkBreakerOptions(options: CircuitBreakerOptions): void {
  checkOptions('circuitBreaker', options, BREAKER)
  if (options.advanced !== undefined) checkOptions('circuitBreaker', options.advanced, ADVANCED, 'advanced')
}
