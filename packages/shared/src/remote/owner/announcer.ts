import type { Connection } from '../../connection/connection.js'
import type { Row } from '../../driver/driver.js'
import type { CircuitBreakerPersistedState } from '../../ports/circuit-breaker.js'
import type { Announcement, Parameters } from '../../queue/statement.js'
import { entryOf, Loads } from '../../stores/cache/loads.js'
import { toState } from '../../stores/circuit-breaker/circuit-row.js'
import { StateListeners } from '../../stores/circuit-breaker/state-listeners.js'
import { KeyWaiters } from '../../stores/idempotency/key-waiters.js'
import type { ConnectionClock } from '../../time/connection-clock.js'

/** Notifies the stores of this connection of what clients change through it. */
export class Announcer {
  readonly #listeners: StateListeners
  readonly #waiters: KeyWaiters
  readonly #loads: Loads
  readonly #clock: ConnectionClock

  constructor(connection: Connection) {
    this.#listeners = connection.shared(StateListeners)
    this.#waiters = connection.shared(KeyWaiters)
    this.#loads = connection.shared(Loads)
    this.#clock = connection.clock
  }

  /** Whether {@link sending} would have an effect. */
  listens(announces: Announcement): boolean {
    return 'table' in announces && !this.#loads.isEmpty
  }

  /** Overtakes the loads of the entries that a call writes. Call it right before the call is handed to the queue. */
  sending(announces: Announcement, [first, second]: Parameters): void {
    if (!('table' in announces) || !this.listens(announces)) return
    const entry = (key: unknown): string => entryOf(announces.table, String(key))
    if (announces.of === 'entry') this.#loads.overtake(entry(first))
    else if (announces.of === 'entries') for (const key of listed(first)) this.#loads.overtake(entry(key))
    else if (announces.of === 'entryRows') {
      for (const row of listed(first)) if (Array.isArray(row)) this.#loads.overtake(entry(row[0]))
    } else this.#loads.overtakeRange(entry(first), entry(second))
  }

  /** Notifies of what a call has changed. Call it where its answer is decoded, so that the order is that of the answers. */
  answered(announces: Announcement, parameters: Parameters, row: Row | undefined): void {
    if (announces.of === 'leaseTime') {
      this.#clock.lease.observe(Number(row?.[announces.column]))
      return
    }
    const [key] = parameters
    if (typeof key !== 'string') return
    if (announces.of === 'claim') {
      // Storing a result returns no row; a claim returns one when it has ended.
      this.#waiters.wake(key)
    } else if (announces.of === 'circuit' || announces.of === 'probe') {
      const state = row === undefined ? givenState(announces, parameters) : toState(row, '', 'circuitBreaker.subscribe')
      if (state === undefined) return
      if (announces.of === 'circuit') this.#listeners.emit(key, state)
      else this.#listeners.emitIfChanged(key, state)
    }
  }
}

/** The state that a call of `setState` sets, whose statement returns no row. */
function givenState(announces: Announcement, parameters: Parameters): CircuitBreakerPersistedState | undefined {
  // A statement that a client has declared may have any number of parameters.
  if (announces.of === 'probe' || parameters.length < 5) return undefined
  const [, state, failureCount, failed, succeeded] = parameters
  return toState(
    {
      state: state as string,
      failure_count: Number(failureCount),
      last_failure_time: failed === null ? null : Number(failed),
      last_success_time: succeeded === null ? null : Number(succeeded),
    },
    '',
    'circuitBreaker.subscribe',
  )
}

/** The elements of a JSON array. None for any other text, which the statement refuses. */
function listed(text: unknown): readonly unknown[] {
  try {
    const list: unknown = JSON.parse(String(text))
    return Array.isArray(list) ? list : []
  } catch {
    return []
  }
}
