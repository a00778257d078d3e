import type { Row } from '../../driver/driver.js'
import { PersistenceError } from '../../errors/persistence-error.js'
import type { KeyRecord, VacantKey } from '../../ports/claims.js'
import type { Statement } from '../../queue/statement.js'
import type { Session } from '../../session/session.js'
import { expiry } from '../../time/time-to-live.js'
import type { ClaimSql } from './idempotency-sql.js'
import { resultNotStored, type Unstored, unstoredIn, unstoredMark } from './unstored-result.js'

/** The record of a key, and its fingerprint. */
export interface RecordedKey {
  readonly record: KeyRecord<unknown> | VacantKey
  readonly fingerprint: string | undefined
}

/** A claim that was granted. */
export interface ClaimGrant {
  readonly key: string
  /** The stored name of the key. */
  readonly stored: string
  readonly owner: string
  readonly generation: number
  readonly fingerprint: string | undefined
  /** ms the result is kept; `undefined` for ever. */
  readonly ttl: number | undefined
}

/** The end of a lease by the clocks of this process, never later than the database has it. */
export interface LeaseEnd {
  /** Epoch ms. */
  readonly expiresAt: number
  /** Monotonic ms. */
  readonly localEnd: number
}

/** What became of a report. */
export interface Ending {
  /** `false` when the claim was over and nothing was written. */
  readonly recorded: boolean
  /** The report could not be stored; where it is recorded, the claim has ended without it. */
  readonly unstored?: PersistenceError
}

// INVALID_ARGUMENT: a member of the value that throws when it is read.
const ABOUT_THE_VALUE: ReadonlySet<string> = new Set(['INVALID_ARGUMENT', 'VALUE_NOT_SERIALIZABLE', 'VALUE_TOO_LARGE'])

/**
 * The rows of claims. Each decision is one statement, or one atomic batch where a record goes with it. All reject once
 * the session is over or its database gone: a claim outlives both, and must not be reported where no other process finds
 * it.
 */
export class ClaimRows {
  readonly #session: Session
  readonly #sql: ClaimSql
  /** The table of results. */
  readonly #results: string

  constructor(session: Session, sql: ClaimSql, results: string) {
    this.#session = session
    this.#sql = sql
    this.#results = results
  }

  async read(stored: string): Promise<RecordedKey> {
    const row = await this.#session.execute(this.#sql.readKey, [stored, this.#session.clock.now()], present)
    this.#session.clock.lease.observe(Number(row.marked_at))
    const record = this.#standing(row, stored)
    return { record, fingerprint: text(record.state === 'running' ? row.claimed_fingerprint : row.fingerprint) }
  }

  /** @returns `undefined` when the key was not free. */
  async grant(
    stored: string,
    owner: string,
    fingerprint: string | undefined,
    lease: number,
  ): Promise<(LeaseEnd & { generation: number }) | undefined> {
    const parameters = [stored, owner, fingerprint ?? null, lease, this.#session.clock.now()]
    const asked = this.#session.clock.monotonic()
    return this.#session.run(this.#sql.grant, parameters, (row) =>
      row === undefined ? undefined : { ...this.#leaseEnd(row, asked), generation: Number(row.generation) },
    )
  }

  /** @returns `undefined` when the claim was over. */
  async renew(grant: ClaimGrant, lease: number): Promise<LeaseEnd | undefined> {
    const asked = this.#session.clock.monotonic()
    return this.#session.execute(this.#sql.renew, [...guard(grant), lease], (row) =>
      row === undefined ? undefined : this.#leaseEnd(row, asked),
    )
  }

  complete(grant: ClaimGrant, value: unknown): Promise<Ending> {
    return this.#record(grant, value, 'result', this.#sql.complete.name, (text) =>
      this.#complete(this.#sql.complete, grant, text),
    )
  }

  async forget(grant: ClaimGrant): Promise<Ending> {
    return { recorded: await this.#session.execute(this.#sql.forget, guard(grant), decided) }
  }

  keep(grant: ClaimGrant, error: unknown): Promise<Ending> {
    return this.#record(grant, error, 'error', this.#sql.forget.name, (text) => {
      const expiresAt = expiry(this.#session.clock.now(), grant.ttl)
      return this.#withRecord(this.#sql.forget, guard(grant), [
        grant.stored,
        grant.fingerprint ?? null,
        text,
        expiresAt,
      ])
    })
  }

  /**
   * Ends the claim also when the report cannot be stored: its work is done, and must not be done again after the
   * lease.
   */
  async #record(
    grant: ClaimGrant,
    value: unknown,
    report: Unstored['report'],
    operation: string,
    write: (text: string) => Promise<boolean>,
  ): Promise<Ending> {
    let problem: PersistenceError
    try {
      const text = this.#session.values.encode(value, operation)
      return { recorded: await write(text) }
    } catch (error) {
      if (!isUnstorable(error)) throw error
      problem = error
    }
    const recorded = await this.#complete(this.#sql.completeUnstored, grant, unstoredMark({ report, problem }))
    return { recorded, unstored: resultNotStored(this.#key(grant.stored), operation, { report, problem }) }
  }

  async #complete(statement: Statement<'one'>, grant: ClaimGrant, text: string): Promise<boolean> {
    const expiresAt = expiry(this.#session.clock.now(), grant.ttl)
    const parameters = [...guard(grant), text, expiresAt]
    return grant.fingerprint === undefined
      ? this.#session.execute(statement, parameters, decided)
      : this.#withRecord(statement, parameters, [grant.stored, grant.fingerprint, null, expiresAt])
  }

  async #withRecord(
    decision: Statement<'one'>,
    parameters: readonly (string | number | null)[],
    record: readonly (string | number | null)[],
  ): Promise<boolean> {
    const { announces } = decision
    const decide = {
      sql: decision.sql,
      parameters,
      clocked: decision.clocked,
      expect: 1,
      ...(announces && { announces }),
    }
    try {
      await this.#session.atomic(decision.name, [decide, { sql: this.#sql.record.sql, parameters: record }])
      return true
    } catch (error) {
      if (error instanceof PersistenceError && error.code === 'CONSTRAINT' && error.cause === undefined) return false
      throw error
    }
  }

  /** @param asked Monotonic ms of the call. */
  #leaseEnd(row: Row, asked: number): LeaseEnd {
    const end = Number(row.expires_at)
    const grantedAt = Number(row.granted_at)
    // Read first: were the process held up between the readings, it must not take the end to be later than it is.
    const { clock, connection } = this.#session
    const [wall, monotonic] = [clock.now(), clock.monotonic()]
    clock.lease.observe(grantedAt)
    this.#session.leaseTime.granted(grantedAt)
    const lease = end - grantedAt
    // Where another thread or process ran the statement, its lease clock may be ahead of the one here.
    const remaining = Math.min(
      connection.owner === undefined ? lease : lease - (monotonic - asked),
      end - clock.lease.now(),
    )
    return { expiresAt: wall + remaining, localEnd: monotonic + remaining }
  }

  #standing(row: Row, stored: string): KeyRecord<unknown> | VacantKey {
    const unstored = unstoredIn(row.value)
    if (unstored !== undefined) {
      const error = resultNotStored(this.#key(stored), this.#sql.readKey.name, unstored)
      return { state: 'unstored', error, ...expiringAt(row.value_expires_at) }
    }
    if (row.completed === 1) {
      const value = this.#session.values.decode(row.value, this.#results, stored, this.#sql.readKey.name)
      return { state: 'completed', value, replay: true, ...expiringAt(row.value_expires_at) }
    }
    if (row.failure !== null) {
      const error = this.#session.values.decode(row.failure, this.#sql.recordTable, stored, this.#sql.readKey.name)
      return { state: 'failed', error, replay: true, ...expiringAt(row.failure_expires_at) }
    }
    if (row.claimed_until !== null) {
      const { clock } = this.#session
      const remaining = Number(row.claimed_until) - clock.lease.now()
      return { state: 'running', until: clock.now() + remaining }
    }
    return { state: 'vacant' }
  }

  #key(stored: string): string {
    return this.#session.names.idempotency.restore(stored)
  }
}

const isUnstorable = (error: unknown): error is PersistenceError =>
  error instanceof PersistenceError && ABOUT_THE_VALUE.has(error.code)

const guard = ({ stored, owner, generation }: ClaimGrant): [string, string, number] => [stored, owner, generation]

const decided = (row: Row | undefined): boolean => row !== undefined

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

const expiringAt = (value: unknown): { expiresAt?: number } => (value === null ? {} : { expiresAt: Number(value) })

function present(row: Row | undefined): Row {
  const operation = 'idempotency.claim'
  if (row === undefined) throw new PersistenceError('SQL', operation, `${operation}: the engine gave no row`)
  return row
}
