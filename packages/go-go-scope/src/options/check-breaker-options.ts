import type {
  CircuitBreakerAdvancedOptions,
  CircuitBreakerOptions,
} from '../circuit-breaker/circuit-breaker-options.js'
import { checkMembers, FROM_1, MS, MS_ABOVE_0, TEXT } from './check-value.js'
import { type KnownNames, refuseUnknown } from './refuse-unknown.js'

const BREAKER: KnownNames<CircuitBreakerOptions> = {
  failureThreshold: true,
  resetTimeout: true,
  successThreshold: true,
  key: true,
  provider: true,
  onStateChange: true,
  onOpen: true,
  onClose: true,
  onHalfOpen: true,
  advanced: true,
}

const ADVANCED: KnownNames<CircuitBreakerAdvancedOptions> = {
  adaptiveThreshold: true,
  minThreshold: true,
  maxThreshold: true,
  errorRateWindowMs: true,
  onThresholdAdapt: true,
  slidingWindow: true,
  slidingWindowSizeMs: true,
}

const BREAKER_VALUES = { failureThreshold: FROM_1, resetTimeout: MS, successThreshold: FROM_1, key: TEXT }
const ADVANCED_VALUES = {
  minThreshold: FROM_1,
  maxThreshold: FROM_1,
  errorRateWindowMs: MS_ABOVE_0,
  slidingWindowSizeMs: MS_ABOVE_0,
}

/** @throws TypeError for an unknown option name of a breaker, and for a number that means nothing. */
export function checkBreakerOptions(options: CircuitBreakerOptions): void {
  refuseUnknown('circuitBreaker options', options, BREAKER)
  checkMembers('circuitBreaker option', options, BREAKER_VALUES)
  const { advanced } = options
  if (advanced === undefined) return
  refuseUnknown('circuitBreaker option advanced', advanced, ADVANCED)
  checkMembers('circuitBreaker option advanced:', advanced, ADVANCED_VALUES)
}
