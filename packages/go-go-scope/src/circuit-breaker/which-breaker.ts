import type { PersistenceProviders } from '@go-go-scope/persistence-core/ports'
import type { Reporter } from '../errors/reporter.js'
import { perProvider } from '../resource/per-provider.js'
import { CircuitBreaker } from './circuit-breaker.js'
import type { CircuitBreakerOptions } from './circuit-breaker-options.js'

/** The parts of a scope that its tasks' breakers use. */
interface BreakerEnvironment {
  /** The breaker of the scope. */
  readonly breaker: CircuitBreaker | undefined
  readonly persistence: PersistenceProviders | undefined
  readonly report: Reporter
}

/** The breakers of this process by store and key. Keys are names in code, so they are few. */
const breakersOf = perProvider(() => new Map<string, CircuitBreaker>())
const breakersInMemory = new Map<string, CircuitBreaker>()

/** Returns the breaker that the tasks of a scope share. Its state is in the scope's store, under the scope's name. */
export function scopeBreaker(
  scopeName: string,
  options: CircuitBreakerOptions,
  persistence: PersistenceProviders | undefined,
  report: Reporter,
): CircuitBreaker {
  const stored = withStore(options, persistence)
  const key = stored.provider === undefined ? options.key : (options.key ?? scopeName)
  return new CircuitBreaker(key === undefined ? stored : { ...stored, key }, undefined, report)
}

/**
 * Runs `fn` through the task's own breaker, or else the scope's, if there is one. Tasks with the same key share a breaker.
 * A breaker without a key lives for this one call. The state of both is in the store.
 */
export async function throughBreaker<T>(
  own: CircuitBreakerOptions | undefined,
  taskId: string,
  { breaker, persistence, report }: BreakerEnvironment,
  fn: () => Promise<T>,
  isNeutral: () => boolean,
): Promise<T> {
  if (own === undefined) return breaker === undefined ? fn() : breaker.execute(fn, isNeutral)
  const options = withStore(own, persistence)
  if (own.key !== undefined) return sharedBreaker(own.key, options, report).execute(fn, isNeutral)
  await using once = new CircuitBreaker({ ...options, key: taskId }, undefined, report)
  return await once.execute(fn, isNeutral)
}

/** Returns this process's breaker for `key` in its store. The options of the first task with the key count. */
function sharedBreaker(key: string, options: CircuitBreakerOptions, report: Reporter): CircuitBreaker {
  const breakers = options.provider === undefined ? breakersInMemory : breakersOf(options.provider)
  const breaker = breakers.get(key) ?? new CircuitBreaker({ ...options, key }, undefined, report)
  breakers.set(key, breaker)
  return breaker
}

function withStore(
  options: CircuitBreakerOptions,
  persistence: PersistenceProviders | undefined,
): CircuitBreakerOptions {
  const provider = options.provider ?? persistence?.circuitBreaker
  return provider === undefined ? options : { ...options, provider }
}
