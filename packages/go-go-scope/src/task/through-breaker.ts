import { CircuitBreaker } from '../circuit-breaker/circuit-breaker.js'
import type { CircuitBreakerOptions } from '../circuit-breaker/circuit-breaker-options.js'
import { sharedBreaker } from '../circuit-breaker/shared-breaker.js'
import type { TaskEnvironment } from './task-environment.js'

/**
 * Runs `fn` through the breaker of its task: its own if it names one, else the scope's, if there is one. A breaker of
 * its own is shared by its key, or lives for this one call; its state is in the store either way.
 */
export async function throughBreaker<T>(
  own: CircuitBreakerOptions | undefined,
  taskId: string,
  { breaker, persistence, report }: TaskEnvironment,
  fn: () => Promise<T>,
  isNeutral: () => boolean,
): Promise<T> {
  if (own === undefined) return breaker === undefined ? fn() : breaker.execute(fn, isNeutral)
  const provider = own.provider ?? persistence?.circuitBreaker
  const options = provider === undefined ? own : { ...own, provider }
  if (own.key !== undefined) return sharedBreaker(own.key, options, report).execute(fn, isNeutral)
  const once = new CircuitBreaker({ ...options, key: taskId }, undefined, report)
  try {
    return await once.execute(fn, isNeutral)
  } finally {
    await once[Symbol.asyncDispose]()
  }
}
