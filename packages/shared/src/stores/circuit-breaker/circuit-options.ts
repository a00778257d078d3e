import { invalidArgument, invalidCallOption, shown, typeName } from '../../arguments/invalid.js'
import { type Complete, type OptionNames, readOptions } from '../../arguments/options.js'
import { readMembers } from '../../arguments/read-argument.js'
import type { PersistenceError } from '../../errors/persistence-error.js'
import type { CircuitBreakerPersistedState } from '../../ports/circuit-breaker.js'
import type { AdmitOptions, Permit } from '../../ports/probes.js'
import { isReadable } from '../../values/numbers.js'
import type { CircuitRunOptions } from './circuit-provider.js'
import { isState } from './circuit-row.js'

export const DEFAULT_MAX_FAILURES = 5
const DEFAULT_RESET_TIMEOUT_MS = 30_000
// The end of a lease, now plus this, is in JSON, in which some builds of SQLite write 15 digits of a number. A rounded end would
// look like that of a clock in the future, and `admit` would ask again and again until that time has come.
const LONGEST_LEASE_MS = 10 ** 14
const ADMIT_OPTIONS: OptionNames<AdmitOptions> = { resetTimeout: true, probes: true, lease: true }
const RUN_OPTIONS: OptionNames<CircuitRunOptions> = {
  ...ADMIT_OPTIONS,
  maxFailures: true,
  successThreshold: true,
  isFailure: true,
}

/** The options of `run` with their defaults, in ms. */
export type RunRequest = Complete<CircuitRunOptions>

/** @returns a validated copy. @throws PersistenceError `INVALID_ARGUMENT`, like all functions here. */
export function checkedState(given: CircuitBreakerPersistedState): CircuitBreakerPersistedState {
  if (typeof given !== 'object' || given === null)
    throw invalidArgument('circuitBreaker.setState', `state must be an object, got ${typeName(given)}`)
  const members = ['state', 'failureCount', 'lastFailureTime', 'lastSuccessTime'] as const
  const state = readMembers(given, members, 'circuitBreaker.setState', 'state.')
  if (!isState(state.state)) {
    throw invalidArgument(
      'circuitBreaker.setState',
      `state.state must be closed, open or half-open, got ${shown(state.state)}`,
    )
  }
  // Far from the greatest number that every engine reads, because failures are added to it.
  if (!Number.isInteger(state.failureCount) || state.failureCount < 0 || state.failureCount > 2 ** 52) {
    throw invalidArgument(
      'circuitBreaker.setState',
      `state.failureCount must be a whole number from 0 to 2^52, got ${shown(state.failureCount)}`,
    )
  }
  for (const name of ['lastFailureTime', 'lastSuccessTime'] as const) {
    const time = state[name]
    if (time !== undefined && !isReadable(time)) {
      throw invalidArgument('circuitBreaker.setState', `state.${name} must be epoch ms or absent, got ${shown(time)}`)
    }
  }
  return state
}

/** Validates a threshold for a count of calls, and limits it to what an engine can store. */
export function threshold(value: number, name: string, method: string): number {
  if (typeof value === 'number' && value >= 1) return Math.min(value, Number.MAX_SAFE_INTEGER)
  throw invalidArgument(`circuitBreaker.${method}`, `${name} must be a number from 1, got ${shown(value)}`)
}

/** Validated options with their defaults, in ms. */
export function admitRequest(options: AdmitOptions): Complete<AdmitOptions> {
  return checkedAdmission(readOptions(options, ADMIT_OPTIONS, 'circuitBreaker.admit'), 'admit')
}

/** Validated options with their defaults, in ms. */
export function runRequest(options: CircuitRunOptions): RunRequest {
  const {
    resetTimeout = DEFAULT_RESET_TIMEOUT_MS,
    maxFailures = DEFAULT_MAX_FAILURES,
    successThreshold = 1,
    isFailure = () => true,
    ...rest
  } = readOptions(options, RUN_OPTIONS, 'circuitBreaker.run')
  if (typeof isFailure !== 'function')
    throw invalidCallOption('circuitBreaker.run', 'isFailure', isFailure, 'a function')
  return {
    ...checkedAdmission({ ...rest, resetTimeout }, 'run'),
    maxFailures: threshold(maxFailures, 'option maxFailures', 'run'),
    successThreshold: threshold(successThreshold, 'option successThreshold', 'run'),
    isFailure,
  }
}

function checkedAdmission(
  { resetTimeout, probes = 1, lease: given }: AdmitOptions,
  method: string,
): Complete<AdmitOptions> {
  const operation = `circuitBreaker.${method}`
  if (!Number.isFinite(resetTimeout) || resetTimeout < 0) {
    throw invalidCallOption(operation, 'resetTimeout', resetTimeout, 'a number of ms from 0')
  }
  const lease = given ?? Math.max(resetTimeout, 1)
  if (!Number.isFinite(lease) || lease <= 0)
    throw invalidCallOption(operation, 'lease', lease, 'a positive number of ms')
  return {
    resetTimeout: Math.ceil(resetTimeout),
    probes: threshold(probes, 'option probes', method),
    lease: Math.min(Math.ceil(lease), LONGEST_LEASE_MS),
  }
}

/** @returns a validated copy. */
export function checkedPermit(given: Permit, method: string): Permit {
  const operation = `circuitBreaker.${method}`
  const refuse = (): PersistenceError =>
    invalidArgument(operation, `permit must be the member permit of what admit answered, got ${shown(given)}`)
  if (typeof given !== 'object' || given === null) throw refuse()
  const permit = readMembers(given, ['key', 'generation', 'probe'], operation, 'permit.')
  const fits =
    Number.isSafeInteger(permit.generation) && (permit.probe === undefined || typeof permit.probe === 'string')
  if (!fits) throw refuse()
  return permit
}
