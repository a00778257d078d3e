import type { Diagnostics } from '../../errors/diagnostics.js'
import type { Permit, ProbingCircuitBreakerProvider } from '../../ports/probes.js'
import type { RunRequest } from './circuit-options.js'

const OPERATION = 'circuitBreaker.run'

/** Where the outcome of a call is reported. */
interface Reports {
  readonly breaker: Pick<ProbingCircuitBreakerProvider, 'succeeded' | 'failed' | 'withdrawn'>
  readonly diagnostics: Diagnostics
}

/** Makes a call that was admitted, and reports its outcome. Nothing but the call decides what the caller gets. */
export async function guardedCall<T>(
  call: () => T | Promise<T>,
  permit: Permit,
  { maxFailures, successThreshold, isFailure }: RunRequest,
  { breaker, diagnostics }: Reports,
): Promise<T> {
  const reported = async (report: Promise<unknown>): Promise<void> => {
    try {
      await report
    } catch (error) {
      diagnostics.backgroundError(OPERATION, error)
    }
  }
  let value: T
  try {
    value = await call()
  } catch (error) {
    let counts = true
    diagnostics.callListener(OPERATION, () => {
      const answer = isFailure(error)
      counts = answer !== false
      return answer
    })
    await reported(counts ? breaker.failed(permit, maxFailures) : breaker.withdrawn(permit))
    throw error
  }
  await reported(breaker.succeeded(permit, successThreshold))
  return value
}
