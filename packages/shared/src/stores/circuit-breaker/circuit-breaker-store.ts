import { invalidArgument } from '../../arguments/invalid.js'
import { checkKey } from '../../arguments/limits.js'
import type { Row } from '../../driver/driver.js'
import { CircuitOpenError } from '../../errors/circuit-open-error.js'
import { type PrefixedNames, taggedNames } from '../../keys/key-space.js'
import type { CircuitBreakerPersistedState } from '../../ports/circuit-breaker.js'
import type { Admission, AdmitOptions, Permit, ReportOutcome } from '../../ports/probes.js'
import { type Parameters, requiredRow, type Statement } from '../../queue/statement.js'
import type { Session } from '../../session/session.js'
import { exactNumber } from '../../values/numbers.js'
import {
  admitRequest,
  checkedPermit,
  checkedState,
  DEFAULT_MAX_FAILURES,
  runRequest,
  threshold,
} from './circuit-options.js'
import type { CircuitRunOptions, SqlCircuitBreakerProvider } from './circuit-provider.js'
import { stateOrNull, toState } from './circuit-row.js'
import type { CircuitSql, ProbeSql } from './circuit-sql.js'
import { guardedCall } from './guarded-call.js'
import { CircuitProbes } from './probes.js'
import { type StateListener, StateListeners } from './state-listeners.js'
import { StateWatch } from './state-watch.js'

/** Circuit-breaker state in a table. Every change is one statement, so counts are exact across processes. */
export class CircuitBreakerStore implements SqlCircuitBreakerProvider {
  readonly #session: Session
  readonly #sql: CircuitSql
  readonly #names: PrefixedNames
  readonly #probes: CircuitProbes
  readonly #watch: StateWatch
  readonly #listeners: StateListeners
  readonly #subscriptions = new Set<() => void>()
  readonly #stateOrNull = (row: Row | undefined): CircuitBreakerPersistedState | null =>
    stateOrNull(row, this.#sql.table, this.#sql.getState.name)
  // A field, so that the hot path allocates no closure.
  readonly #failureCount = (given: Row | undefined, [stored]: Parameters): number => {
    const { name } = this.#sql.recordFailure
    const row = requiredRow(given, name)
    if (!this.#listeners.isEmpty) this.#listeners.emit(stored as string, toState(row, this.#sql.table, name))
    return row.failure_count as number
  }

  /** @param watchInterval ms between two polls for changes of other processes, while the key has a listener. */
  constructor(
    session: Session,
    sql: { readonly circuits: CircuitSql; readonly probes: ProbeSql },
    watchInterval: number,
  ) {
    this.#session = session
    this.#sql = sql.circuits
    this.#names = taggedNames(session.prefix, 'circuit:')
    this.#probes = new CircuitProbes(session, sql.probes)
    this.#listeners = session.connection.shared(StateListeners)
    this.#watch = new StateWatch(session, sql.circuits, watchInterval)
    session.onEnd(() => {
      for (const unsubscribe of this.#subscriptions) unsubscribe()
    })
  }

  async getState(key: string): Promise<CircuitBreakerPersistedState | null> {
    const stored = this.#stored(key, 'getState')
    return this.#session.execute(this.#sql.getState, [stored], this.#stateOrNull)
  }

  async setState(key: string, given: CircuitBreakerPersistedState): Promise<void> {
    const stored = this.#stored(key, 'setState')
    const state = checkedState(given)
    const { failureCount, lastFailureTime, lastSuccessTime } = state
    const parameters = [stored, state.state, failureCount, timeOrNull(lastFailureTime), timeOrNull(lastSuccessTime)]
    await this.#session.execute(this.#sql.setState, parameters, () => this.#listeners.emit(stored, state))
  }

  // Not async: an async function that returns a promise resolves its own promise with it, which takes three more microtasks.
  recordFailure(key: string, maxFailures: number): Promise<number> {
    try {
      const stored = this.#stored(key, 'recordFailure')
      const parameters = [stored, threshold(maxFailures, 'maxFailures', 'recordFailure')]
      return Promise.resolve(this.#session.execute(this.#sql.recordFailure, parameters, this.#failureCount))
    } catch (error) {
      return Promise.reject(error)
    }
  }

  async recordSuccess(key: string): Promise<void> {
    const stored = this.#stored(key, 'recordSuccess')
    return this.#record(this.#sql.recordSuccess, stored)
  }

  async admit(key: string, options: AdmitOptions): Promise<Admission> {
    const stored = this.#stored(key, 'admit')
    const request = admitRequest(options)
    if (!this.#session.ready) await this.#session.connect('circuitBreaker.admit')
    return this.#probes.admit(key, stored, request)
  }

  async succeeded(given: Permit, successThreshold = 1): Promise<ReportOutcome> {
    const { permit, stored } = this.#permitted(given, 'succeeded')
    const successes = threshold(successThreshold, 'successThreshold', 'succeeded')
    if (!this.#session.ready) await this.#session.connect('circuitBreaker.succeeded')
    return this.#probes.succeeded(stored, permit, successes)
  }

  async failed(given: Permit, maxFailures: number = DEFAULT_MAX_FAILURES): Promise<ReportOutcome> {
    const { permit, stored } = this.#permitted(given, 'failed')
    const failures = threshold(maxFailures, 'maxFailures', 'failed')
    if (!this.#session.ready) await this.#session.connect('circuitBreaker.failed')
    return this.#probes.failed(stored, permit, failures)
  }

  async withdrawn(given: Permit): Promise<void> {
    const { permit, stored } = this.#permitted(given, 'withdrawn')
    if (!this.#session.ready) await this.#session.connect('circuitBreaker.withdrawn')
    await this.#probes.withdrawn(stored, permit)
  }

  async run<T>(key: string, call: () => T | Promise<T>, options: CircuitRunOptions = {}): Promise<T> {
    const stored = this.#stored(key, 'run')
    if (typeof call !== 'function')
      throw invalidArgument(
        'circuitBreaker.run',
        `call must be a function such as () => fetch(url), got ${typeof call}`,
      )
    const request = runRequest(options)
    if (!this.#session.ready) await this.#session.connect('circuitBreaker.run')
    const admission = await this.#probes.admit(key, stored, request)
    if (!admission.admitted) throw new CircuitOpenError(key, admission.state, admission.retryAt)
    const { diagnostics } = this.#session
    return guardedCall(call, admission.permit, request, { breaker: this, diagnostics })
  }

  async isolate(key: string): Promise<void> {
    const stored = this.#stored(key, 'isolate')
    return this.#record(this.#sql.isolate, stored)
  }

  async reset(key: string): Promise<void> {
    const stored = this.#stored(key, 'reset')
    return this.#record(this.#sql.reset, stored)
  }

  /** Calls the listener after a change is stored: immediately for changes on this handle, at the next poll for all others. */
  subscribe(key: string, listener: StateListener): () => void {
    const stored = this.#stored(key, 'subscribe')
    if (typeof listener !== 'function') {
      throw invalidArgument('circuitBreaker.subscribe', `listener must be a function, got ${typeof listener}`)
    }
    this.#session.refuseEnded('circuitBreaker.subscribe')
    const stopListening = this.#listeners.add(stored, listener)
    const stopWatching = this.#watch.watch(stored)
    const unsubscribe = (): void => {
      this.#subscriptions.delete(unsubscribe)
      stopListening()
      stopWatching()
    }
    this.#subscriptions.add(unsubscribe)
    return unsubscribe
  }

  /** Runs a statement that always changes the circuit, and notifies the listeners in the order of the changes. */
  #record(statement: Statement<'one'>, stored: string): void | Promise<void> {
    return this.#session.execute(statement, [stored], (row) => {
      this.#listeners.emit(stored, toState(requiredRow(row, statement.name), this.#sql.table, statement.name))
    })
  }

  #permitted(given: Permit, method: string): { permit: Permit; stored: string } {
    const permit = checkedPermit(given, method)
    return { permit, stored: this.#stored(permit.key, method) }
  }

  #stored(key: string, method: string): string {
    checkKey(key, this.#session.maxKeyLength, `circuitBreaker.${method}`)
    return this.#names.store(key)
  }
}

const timeOrNull = (time: number | undefined): number | string | null => (time === undefined ? null : exactNumber(time))
