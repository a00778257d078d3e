import type { Complete } from '../../arguments/options.js'
import type { Row, SqlValue } from '../../driver/driver.js'
import type { CircuitBreakerPersistedState } from '../../ports/circuit-breaker.js'
import type { Admission, AdmitOptions, Permit, ReportOutcome } from '../../ports/probes.js'
import { oneRow, type Statement } from '../../queue/statement.js'
import type { Session } from '../../session/session.js'
import { stateOrNull, storedProbes, toState } from './circuit-row.js'
import type { ProbeSql } from './circuit-sql.js'
import { StateListeners } from './state-listeners.js'

/** The parameters of a statement of {@link ProbeSql}: all begin with the stored key. */
type ProbeParameters = readonly [stored: string, ...others: SqlValue[]]

/**
 * Decides for all processes which calls are admitted and which reports count. Keys are stored keys, and the caller has connected.
 */
export class CircuitProbes {
  readonly #session: Session
  readonly #sql: ProbeSql
  readonly #listeners: StateListeners
  /** The statement that reads a circuit, under the name of each calling operation. */
  readonly #read: Readonly<Record<'admit' | 'succeeded' | 'failed', Statement<'one'>>>

  constructor(session: Session, sql: ProbeSql) {
    this.#session = session
    this.#sql = sql
    const named = (name: string): Statement<'one'> => ({ ...sql.readCircuit, name })
    this.#read = {
      admit: named(sql.admitProbe.name),
      succeeded: named(sql.callSucceeded.name),
      failed: named(sql.callFailed.name),
    }
    this.#listeners = session.connection.shared(StateListeners)
  }

  /** Reads first: a closed circuit admits without a write. */
  async admit(key: string, stored: string, options: Complete<AdmitOptions>): Promise<Admission> {
    for (;;) {
      const row = await this.#session.executeRegardless(this.#read.admit, [stored], oneRow)
      if (row === undefined) return { admitted: true, state: 'closed', permit: { key, generation: 0 } }
      const { state } = toState(row, this.#sql.table, this.#read.admit.name)
      const generation = Number(row.generation)
      if (state === 'closed') return { admitted: true, state, permit: { key, generation } }
      if (row.isolated !== 0) return { admitted: false, state }
      const local = this.#session.clock.now()
      const now = Number(row.judged_at ?? local)
      const retryAt = this.#retryAt(row, options, now)
      if (retryAt === 'in the future') await this.#change(this.#sql.followClock, [stored, generation])
      else if (retryAt > now) return { admitted: false, state, retryAt: retryAt - now + local }
      else {
        const permit = await this.#probe(key, stored, options)
        if (permit !== undefined) return { admitted: true, state: 'half-open', permit }
      }
    }
  }

  async succeeded(stored: string, { generation, probe }: Permit, threshold: number): Promise<ReportOutcome> {
    if (probe !== undefined)
      return this.#report('succeeded', this.#sql.probeSucceeded, [stored, generation, probe, threshold])
    for (;;) {
      const row = await this.#session.executeRegardless(this.#read.succeeded, [stored], oneRow)
      const state = stateOrNull(row, this.#sql.table, this.#read.succeeded.name)
      const current = row === undefined ? generation === 0 : row.generation === generation
      if (!current || state === null || state.state !== 'closed') return { counted: current, state }
      if (state.failureCount === 0) return { counted: true, state }
      const changed = await this.#change(this.#sql.callSucceeded, [stored, generation])
      if (changed !== undefined) return { counted: true, state: changed.state }
    }
  }

  failed(stored: string, { generation, probe }: Permit, threshold: number): Promise<ReportOutcome> {
    return probe === undefined
      ? this.#report('failed', this.#sql.callFailed, [stored, threshold, generation])
      : this.#report('failed', this.#sql.probeFailed, [stored, generation, probe])
  }

  async withdrawn(stored: string, { generation, probe }: Permit): Promise<void> {
    if (probe !== undefined) await this.#change(this.#sql.probeWithdrawn, [stored, generation, probe])
  }

  async #probe(key: string, stored: string, options: Complete<AdmitOptions>): Promise<Permit | undefined> {
    const probe = this.#session.connection.owners.next()
    const { lease, probes, resetTimeout } = options
    const admitted = await this.#change(this.#sql.admitProbe, [stored, probe, lease, probes, resetTimeout])
    return admitted && { key, generation: admitted.generation, probe }
  }

  /** Returns the epoch ms from which another probe is possible, `now` or earlier if it already is. */
  #retryAt(row: Row, { resetTimeout, probes: most }: Complete<AdmitOptions>, now: number): number | 'in the future' {
    const openedAt = Number(row.opened_at)
    const active = storedProbes(row, this.#sql.table, this.#read.admit.name).filter(([, end]) => end > now)
    if (openedAt > now || active.some(([, end, lease]) => end - lease > now)) return 'in the future'
    if (row.state === 'open') return openedAt + resetTimeout
    const ends = active.map(([, end]) => end).sort((a, b) => a - b)
    return ends.length < most ? now : (ends[ends.length - most] as number)
  }

  async #report(
    method: 'succeeded' | 'failed',
    statement: Statement<'one'>,
    parameters: ProbeParameters,
  ): Promise<ReportOutcome> {
    const changed = await this.#change(statement, parameters)
    if (changed !== undefined) return { counted: true, state: changed.state }
    const state = await this.#session.executeRegardless(this.#read[method], [parameters[0]], (row) =>
      stateOrNull(row, this.#sql.table, this.#read[method].name),
    )
    return { counted: false, state }
  }

  /** @returns `undefined` when the statement decided to change nothing. */
  async #change(
    statement: Statement<'one'>,
    parameters: ProbeParameters,
  ): Promise<{ state: CircuitBreakerPersistedState; generation: number } | undefined> {
    return this.#session.executeRegardless(statement, parameters, (row) => {
      if (row === undefined) return undefined
      const state = toState(row, this.#sql.table, statement.name)
      this.#listeners.emitIfChanged(parameters[0], state)
      return { state, generation: Number(row.generation) }
    })
  }
}
