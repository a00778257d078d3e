import type { CircuitBreakerStateProvider } from '@go-go-scope/persistence-sqlite-core/ports'
import type { Reporter } from '../errors/reporter.js'
import { CircuitBreaker } from './circuit-breaker.js'
import type { CircuitBreakerOptions } from './circuit-breaker-options.js'

/** Breakers of one store, and those without one. Keys are names in the app's code, so they are few. */
const byProvider = new WeakMap<CircuitBreakerStateProvider, Map<string, CircuitBreaker>>()
const inMemory = new Map<string, CircuitBreaker>()

/** The one breaker of this process for `key` in its store; made with the options of whoever asks first. */
export function sharedBreaker(key: string, options: CircuitBreakerOptions, report: Reporter): CircuitBreaker {
  let breakers = inMemory
  if (options.provider !== undefined) {
    breakers = byProvider.get(options.provider) ?? new Map()
    byProvider.set(options.provider, breakers)
  }
  const breaker = breakers.get(key) ?? new CircuitBreaker({ ...options, key }, undefined, report)
  breakers.set(key, breaker)
  return breaker
}
