import { isReadable } from '../arguments/is-readable.js'
import { shown } from '../arguments/shown.js'
import { PersistenceError } from '../errors/persistence-error.js'
import type { CircuitBreakerPersistedState } from '../ports/circuit-breaker.js'
import type { AdmitOptions, Permit } from '../ports/probes.js'
import { STATES } from './circuit-row.js'

/** @throws PersistenceError `INVALID_ARGUMENT`, as all of these. */
export function checkState(state: CircuitBreakerPersistedState): void {
  if (typeof state !== 'object' || state === null)
    throw invalid('setState', `state must be an object, got ${state === null ? 'null' : typeof state}`)
  if (!STATES.includes(state.state)) {
    throw invalid('setState', `state.state must be closed, open or half-open, got ${shown(state.state)}`)
  }
  if (!Number.isSafeInteger(state.failureCount) || state.failureCount < 0) {
    throw invalid('setState', `state.failureCount must be a whole number from 0, got ${String(state.failureCount)}`)
  }
  for (const name of ['lastFailureTime', 'lastSuccessTime'] as const) {
    const time = state[name]
    if (time !== undefined && !isReadable(time)) {
      throw invalid('setState', `state.${name} must be epoch ms or absent, got ${String(time)}`)
    }
  }
}

/** A count of calls that decides something, cut to what an engine can hold. */
export function threshold(value: number, name: string, method: string): number {
  if (typeof value === 'number' && value >= 1) return Math.min(value, Number.MAX_SAFE_INTEGER)
  throw invalid(method, `${name} must be a number from 1, got ${String(value)}`)
}

/** Checked options with their defaults, in ms. */
export function admitRequest(options: AdmitOptions): Required<AdmitOptions> {
  if (typeof options !== 'object' || options === null)
    throw invalid('admit', 'options must be an object with a resetTimeout')
  const { resetTimeout, probes = 1 } = options
  if (!Number.isFinite(resetTimeout) || resetTimeout < 0) {
    throw invalid('admit', `resetTimeout must be a number of ms from 0, got ${String(resetTimeout)}`)
  }
  const lease = options.lease ?? Math.max(resetTimeout, 1)
  if (!Number.isFinite(lease) || lease <= 0)
    throw invalid('admit', `lease must be a positive number of ms, got ${String(lease)}`)
  return {
    resetTimeout: Math.ceil(resetTimeout),
    probes: threshold(probes, 'probes', 'admit'),
    lease: Math.ceil(lease),
  }
}

export function checkPermit(permit: Permit, method: string): void {
  const fits =
    typeof permit === 'object' &&
    permit !== null &&
    Number.isSafeInteger(permit.generation) &&
    (permit.probe === undefined || typeof permit.probe === 'string')
  if (!fits) throw invalid(method, 'permit must be what admit gave')
}

export function invalid(method: string, problem: string): PersistenceError {
  const operation = `circuitBreaker.${method}`
  return new PersistenceError('INVALID_ARGUMENT', operation, `${operation}: ${problem}`)
}
