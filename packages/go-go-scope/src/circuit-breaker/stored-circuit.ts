import type { CircuitBreakerPersistedState } from '@go-go-scope/persistence-core/ports'
import type { CircuitMachine } from './circuit-machine.js'

// Time in the process is monotonic; only the stored times are wall time.

/** ms a stored circuit has been open; `undefined` when it is closed. */
export function openFor(
  { state, lastFailureTime }: CircuitBreakerPersistedState,
  resetTimeout: number,
): number | undefined {
  if (state === 'closed') return undefined
  // Left half-open: it has served its time, and whoever probed it is gone.
  if (state === 'half-open') return resetTimeout
  return Math.max(0, Date.now() - (lastFailureTime ?? Date.now()))
}

/** The circuit as it is now, for the store. */
export function snapshot({ state, failures, openFor }: CircuitMachine): CircuitBreakerPersistedState {
  const lastFailureTime = state === 'closed' ? Date.now() : Math.round(Date.now() - openFor)
  return { state, failureCount: failures, lastFailureTime }
}
