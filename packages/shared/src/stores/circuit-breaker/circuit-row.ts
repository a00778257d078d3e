import type { Row } from '../../driver/driver.js'
import { PersistenceError } from '../../errors/persistence-error.js'
import type { CircuitBreakerPersistedState } from '../../ports/circuit-breaker.js'

export const STATES: readonly unknown[] = ['closed', 'open', 'half-open']

/** The state that the port shows for a row. @throws PersistenceError `VALUE_UNREADABLE`. */
export function toState(row: Row): CircuitBreakerPersistedState {
  if (!STATES.includes(row.state)) throw unreadable(row, 'state')
  return {
    state: row.state as CircuitBreakerPersistedState['state'],
    failureCount: row.failure_count as number,
    ...(row.last_failure_time !== null && { lastFailureTime: row.last_failure_time as number }),
    ...(row.last_success_time !== null && { lastSuccessTime: row.last_success_time as number }),
  }
}

/** A probe under way: end of lease in epoch ms, lease in ms. */
export type StoredProbe = readonly [name: string, end: number, lease: number]

/** @throws PersistenceError `VALUE_UNREADABLE`. */
export function storedProbes(row: Row): StoredProbe[] {
  try {
    const probes: unknown = JSON.parse(String(row.probes))
    if (Array.isArray(probes) && probes.every(isProbe)) return probes
  } catch {
    // Refused below, like JSON that holds something else.
  }
  throw unreadable(row, 'probes')
}

function isProbe(value: unknown): value is StoredProbe {
  if (!Array.isArray(value)) return false
  const [name, end, lease] = value
  return typeof name === 'string' && typeof end === 'number' && typeof lease === 'number'
}

export const stateOrNull = (row: Row | undefined): CircuitBreakerPersistedState | null =>
  row === undefined ? null : toState(row)

/** The row of a statement that always gives one. */
export function givenRow(row: Row | undefined, operation: string): Row {
  if (row !== undefined) return row
  throw new PersistenceError('SQL', operation, `${operation}: the engine gave no row`)
}

function unreadable(row: Row, column: string): PersistenceError {
  const [key, value] = [JSON.stringify(row.k), JSON.stringify(row[column])]
  return new PersistenceError(
    'VALUE_UNREADABLE',
    'circuitBreaker.getState',
    `circuitBreaker.getState: the row ${key} of go_goscope_circuit has the ${column} ${value}; set it anew or delete it`,
  )
}
