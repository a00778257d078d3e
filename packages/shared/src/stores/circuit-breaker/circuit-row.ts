import type { Row } from '../../driver/driver.js'
import { PersistenceError } from '../../errors/persistence-error.js'
import type { CircuitBreakerPersistedState } from '../../ports/circuit-breaker.js'

type State = CircuitBreakerPersistedState['state']

export const STATES: readonly State[] = ['closed', 'open', 'half-open']

export function isState(value: unknown): value is State {
  return (STATES as readonly unknown[]).includes(value)
}

/** Returns the state of the port from a row of `table`. @throws PersistenceError `VALUE_UNREADABLE`, of `operation`. */
export function toState(row: Row, table: string, operation: string): CircuitBreakerPersistedState {
  const { state } = row
  if (!isState(state)) throw unreadable(row, 'state', table, operation)
  return {
    state,
    failureCount: row.failure_count as number,
    ...(row.last_failure_time !== null && { lastFailureTime: row.last_failure_time as number }),
    ...(row.last_success_time !== null && { lastSuccessTime: row.last_success_time as number }),
  }
}

/** An active probe: end of lease in epoch ms, lease in ms. */
export type StoredProbe = readonly [name: string, end: number, lease: number]

/** Returns the active probes in a row of `table`. @throws PersistenceError `VALUE_UNREADABLE`, of `operation`. */
export function storedProbes(row: Row, table: string, operation: string): StoredProbe[] {
  try {
    const probes: unknown = JSON.parse(String(row.probes))
    if (Array.isArray(probes) && probes.every(isProbe)) return probes
  } catch {
    // Refused below, like JSON with other content.
  }
  throw unreadable(row, 'probes', table, operation)
}

function isProbe(value: unknown): value is StoredProbe {
  if (!Array.isArray(value)) return false
  const [name, end, lease] = value
  return typeof name === 'string' && typeof end === 'number' && typeof lease === 'number'
}

/** {@link toState} for a row that may be missing. */
export function stateOrNull(
  row: Row | undefined,
  table: string,
  operation: string,
): CircuitBreakerPersistedState | null {
  return row === undefined ? null : toState(row, table, operation)
}

function unreadable(row: Row, column: string, table: string, operation: string): PersistenceError {
  const [key, value] = [JSON.stringify(row.k), JSON.stringify(row[column])]
  return new PersistenceError(
    'VALUE_UNREADABLE',
    operation,
    `${operation}: the row ${key} of ${table} has the ${column} ${value}; set it anew or delete it`,
  )
}
