import type { PersistenceProviders } from '@go-go-scope/persistence-sqlite-core/ports'
import type { Reporter } from '../errors/reporter.js'
import { CircuitBreaker } from './circuit-breaker.js'
import type { CircuitBreakerOptions } from './circuit-breaker-options.js'

/** The breaker that the tasks of a scope share; its state is in the scope's store, under the scope's name. */
export function scopeBreaker(
  scopeName: string,
  options: CircuitBreakerOptions,
  persistence: PersistenceProviders | undefined,
  report: Reporter,
): CircuitBreaker {
  const provider = options.provider ?? persistence?.circuitBreaker
  const stored = provider === undefined ? options : { ...options, provider, key: options.key ?? scopeName }
  return new CircuitBreaker(stored, undefined, report)
}
