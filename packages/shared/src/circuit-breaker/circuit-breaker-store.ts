import type { Session } from '../adapter/session.js'
import { checkKey } from '../arguments/limits.js'
import type { Row } from '../driver/driver.js'
import { PersistenceError } from '../errors/persistence-error.js'
import { taggedPrefix } from '../keys/key-space.js'
import type { CircuitBreakerPersistedState, CircuitBreakerStateProvider } from '../ports/circuit-breaker.js'
import { GET_STATE, RECORD_FAILURE, RECORD_SUCCESS, SET_STATE } from './circuit-breaker-sql.js'
import type { StateListener } from './state-listeners.js'

const STATES: readonly unknown[] = ['closed', 'open', 'half-open']

/** Circuit-breaker state in `go_goscope_circuit`. Every change is one statement: counts are exact across processes. */
export class CircuitBreakerStore implements CircuitBreakerStateProvider {
  readonly #session: Session
  readonly #prefix: string

  constructor(session: Session) {
    this.#session = session
    this.#prefix = taggedPrefix(session.prefix, 'circuit:')
  }

  async getState(key: string): Promise<CircuitBreakerPersistedState | null> {
    const stored = this.#stored(key, 'circuitBreaker.getState')
    if (!this.#session.ready) await this.#session.connect()
    return this.#session.execute(GET_STATE, [stored], stateOrNull)
  }

  async setState(key: string, state: CircuitBreakerPersistedState): Promise<void> {
    const stored = this.#stored(key, 'circuitBreaker.setState')
    checkState(state)
    const { failureCount, lastFailureTime, lastSuccessTime } = state
    if (!this.#session.ready) await this.#session.connect()
    const parameters = [stored, state.state, failureCount, lastFailureTime ?? null, lastSuccessTime ?? null]
    await this.#session.execute(SET_STATE, parameters, nothing)
    this.#session.stateListeners.emit(stored, {
      state: state.state,
      failureCount,
      ...(lastFailureTime !== undefined && { lastFailureTime }),
      ...(lastSuccessTime !== undefined && { lastSuccessTime }),
    })
  }

  async recordFailure(key: string, maxFailures: number): Promise<number> {
    const stored = this.#stored(key, 'circuitBreaker.recordFailure')
    checkThreshold(maxFailures)
    if (!this.#session.ready) await this.#session.connect()
    const state = await this.#session.execute(
      RECORD_FAILURE,
      [stored, Math.min(maxFailures, Number.MAX_SAFE_INTEGER)],
      stateOf,
    )
    this.#session.stateListeners.emit(stored, state)
    return state.failureCount
  }

  async recordSuccess(key: string): Promise<void> {
    const stored = this.#stored(key, 'circuitBreaker.recordSuccess')
    if (!this.#session.ready) await this.#session.connect()
    await this.#session.execute(RECORD_SUCCESS, [stored], nothing)
    this.#session.stateListeners.emit(stored, {
      state: 'closed',
      failureCount: 0,
      lastSuccessTime: this.#session.clock.now(),
    })
  }

  /** Hears of changes made through any adapter on this handle, after they are stored. */
  subscribe(key: string, listener: StateListener): () => void {
    const stored = this.#stored(key, 'circuitBreaker.subscribe')
    if (typeof listener !== 'function') {
      throw invalid('subscribe', `listener must be a function, got ${typeof listener}`)
    }
    return this.#session.stateListeners.add(stored, listener)
  }

  #stored(key: string, operation: string): string {
    checkKey(key, this.#session.maxKeyLength, operation)
    return this.#prefix + key
  }
}

const nothing = (): void => undefined

const stateOrNull = (row: Row | undefined): CircuitBreakerPersistedState | null =>
  row === undefined ? null : toState(row)

function stateOf(row: Row | undefined): CircuitBreakerPersistedState {
  if (row === undefined)
    throw new PersistenceError(
      'SQL',
      'circuitBreaker.recordFailure',
      'circuitBreaker.recordFailure: the engine gave no row',
    )
  return toState(row)
}

function toState(row: Row): CircuitBreakerPersistedState {
  if (!STATES.includes(row.state)) {
    throw new PersistenceError(
      'VALUE_UNREADABLE',
      'circuitBreaker.getState',
      `circuitBreaker.getState: the row ${JSON.stringify(row.k)} of go_goscope_circuit has the state ${JSON.stringify(row.state)}; set it anew or delete it`,
    )
  }
  return {
    state: row.state as CircuitBreakerPersistedState['state'],
    failureCount: row.failure_count as number,
    ...(row.last_failure_time !== null && { lastFailureTime: row.last_failure_time as number }),
    ...(row.last_success_time !== null && { lastSuccessTime: row.last_success_time as number }),
  }
}

function checkState(state: CircuitBreakerPersistedState): void {
  if (typeof state !== 'object' || state === null)
    throw invalid('setState', `state must be an object, got ${state === null ? 'null' : typeof state}`)
  if (!STATES.includes(state.state)) {
    throw invalid('setState', `state.state must be closed, open or half-open, got ${JSON.stringify(state.state)}`)
  }
  if (!Number.isSafeInteger(state.failureCount) || state.failureCount < 0) {
    throw invalid('setState', `state.failureCount must be a whole number from 0, got ${String(state.failureCount)}`)
  }
  for (const name of ['lastFailureTime', 'lastSuccessTime'] as const) {
    const time = state[name]
    if (time !== undefined && !Number.isFinite(time)) {
      throw invalid('setState', `state.${name} must be epoch ms or absent, got ${String(time)}`)
    }
  }
}

function checkThreshold(maxFailures: number): void {
  if (typeof maxFailures === 'number' && maxFailures >= 1) return
  throw invalid('recordFailure', `maxFailures must be a number from 1, got ${String(maxFailures)}`)
}

function invalid(method: string, problem: string): PersistenceError {
  const operation = `circuitBreaker.${method}`
  return new PersistenceError('INVALID_ARGUMENT', operation, `${operation}: ${problem}`)
}
