import type { SinceRun } from '../../connection/connection.js'
import type { Row } from '../../driver/driver.js'
import { hasCode, PersistenceError } from '../../errors/persistence-error.js'
import { hasRow, type Parameters, requiredRow, type Statement } from '../../queue/statement.js'
import type { Session } from '../../session/session.js'
import type { ClaimSql } from './idempotency-sql.js'
import { KeyDecoder, type RecordedKey } from './key-decoder.js'
import { resultNotStored, type Unstored, unstoredMark } from './unstored-result.js'

/** A claim that was granted. */
export interface ClaimGrant {
  readonly key: string
  /** The stored name of the key. */
  readonly stored: string
  readonly owner: string
  readonly generation: number
  readonly fingerprint: string | undefined
  /** ms for which the result is kept; `undefined` for no expiry. */
  readonly ttl: number | undefined
}

/** The end of a lease by the clocks of this process, never later than in the database. */
export interface LeaseEnd {
  /** Epoch ms. */
  readonly expiresAt: number
  /** Monotonic ms. */
  readonly localEnd: number
}

/** The outcome of a report. */
export interface Ending {
  /** `false` when the claim was over and nothing was written. */
  readonly recorded: boolean
  /** Why the report could not be stored. If it is recorded, the claim has ended without it. */
  readonly unstored?: PersistenceError
}

// INVALID_ARGUMENT: a member of the value throws when it is read.
const ABOUT_THE_VALUE: ReadonlySet<string> = new Set(['INVALID_ARGUMENT', 'VALUE_NOT_SERIALIZABLE', 'VALUE_TOO_LARGE'])

/**
 * The rows of claims. Each decision is one statement, or one transaction with the statement that stores the record. A claim may
 * outlive its session and its database. Renewals and reports then reject, because no other process would find them.
 */
export class ClaimRows {
  readonly #session: Session
  readonly #sql: ClaimSql
  readonly #decoder: KeyDecoder

  /** @param results The table of results. */
  constructor(session: Session, sql: ClaimSql, results: string) {
    this.#session = session
    this.#sql = sql
    this.#decoder = new KeyDecoder(session, sql, results)
  }

  /** Whether the adapter is disconnected. */
  get ended(): boolean {
    return this.#session.ended
  }

  async read(stored: string): Promise<RecordedKey> {
    const row = await this.#session.execute(this.#sql.readKey, [stored, this.#session.clock.bound('wall')], keyRow)
    this.#session.clock.lease.observe(Number(row.judged_at))
    return this.#decoder.decode(row, stored)
  }

  /**
   * Grants a claim. As the second statement of a call that has read the key, it also runs while the session ends.
   *
   * @returns `undefined` when the key was not free.
   */
  async grant(
    stored: string,
    owner: string,
    fingerprint: string | undefined,
    lease: number,
  ): Promise<(LeaseEnd & { generation: number }) | undefined> {
    const parameters = [stored, owner, fingerprint ?? null, lease, this.#session.clock.bound('wall')]
    const sinceRun = this.#session.connection.timeRun()
    return this.#session.executeRegardless(this.#sql.grant, parameters, (row) =>
      row === undefined ? undefined : { ...this.#leaseEnd(row, sinceRun), generation: Number(row.generation) },
    )
  }

  /**
   * Requests a notification of the end of the claim on a key. @returns `false` when there is no claim; its end may not have been
   * notified.
   */
  async awaitEnd(stored: string): Promise<boolean> {
    const { awaitEnd } = this.#sql
    return awaitEnd === undefined || this.#session.execute(awaitEnd, [stored], hasRow)
  }

  /** @returns `undefined` when the claim was over. */
  async renew(grant: ClaimGrant, lease: number): Promise<LeaseEnd | undefined> {
    const sinceRun = this.#session.connection.timeRun()
    return this.#session.execute(this.#sql.renew, [...ofClaim(grant), lease], (row) =>
      row === undefined ? undefined : this.#leaseEnd(row, sinceRun),
    )
  }

  complete(grant: ClaimGrant, value: unknown): Promise<Ending> {
    return this.#record(grant, value, 'result', (text) => this.#complete(this.#sql.complete, grant, text))
  }

  async forget(grant: ClaimGrant): Promise<Ending> {
    return { recorded: await this.#session.execute(this.#sql.forget, ofClaim(grant), hasRow) }
  }

  keep(grant: ClaimGrant, error: unknown): Promise<Ending> {
    return this.#record(grant, error, 'error', (text) => {
      const expiresAt = this.#session.clock.expiry(grant.ttl)
      const { forget, keep, record } = this.#sql
      if (keep !== undefined) return this.#decide(keep, [...ofClaim(grant), text, expiresAt])
      return this.#withRecord(forget, ofClaim(grant), record, [
        grant.stored,
        grant.fingerprint ?? null,
        text,
        expiresAt,
      ])
    })
  }

  /** Ends the claim even when the report cannot be stored: its work is done, and must not be done again after the lease. */
  async #record(
    grant: ClaimGrant,
    value: unknown,
    report: Unstored['report'],
    write: (text: string) => Promise<boolean>,
  ): Promise<Ending> {
    const { name: operation } = report === 'result' ? this.#sql.complete : this.#sql.forget
    let problem: PersistenceError
    try {
      const text = this.#session.values.encode(value, operation)
      return { recorded: await write(text) }
    } catch (error) {
      if (!isUnstorable(error)) throw error
      problem = error
    }
    const recorded = await this.#complete(this.#sql.completeUnstored, grant, unstoredMark({ report, problem }))
    return { recorded, unstored: resultNotStored(grant.key, operation, { report, problem }) }
  }

  async #complete(statement: Statement<'one'>, grant: ClaimGrant, text: string): Promise<boolean> {
    const expiresAt = this.#session.clock.expiry(grant.ttl)
    const parameters = [...ofClaim(grant), text, expiresAt]
    const { record } = this.#sql
    return grant.fingerprint === undefined || record === undefined
      ? this.#decide(statement, parameters)
      : this.#withRecord(statement, parameters, record, [grant.stored, grant.fingerprint, null, expiresAt])
  }

  async #decide(decision: Statement<'one'>, parameters: Parameters): Promise<boolean> {
    return this.#session.execute(decision, parameters, hasRow)
  }

  async #withRecord(
    decision: Statement<'one'>,
    parameters: Parameters,
    record: Statement<'none'>,
    recorded: Parameters,
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
      await this.#session.atomic(decision.name, [decide, { sql: record.sql, parameters: recorded }])
      return true
    } catch (error) {
      if (hasCode(error, 'CONSTRAINT') && error.cause === undefined) return false
      throw error
    }
  }

  #leaseEnd(row: Row, sinceRun: SinceRun): LeaseEnd {
    const end = Number(row.expires_at)
    const grantedAt = Number(row.granted_at)
    // Read before the elapsed time: if the process is delayed in between, it must not assume a later end than the real one.
    const { clock } = this.#session
    const [wall, monotonic] = [clock.now(), clock.monotonic()]
    const elapsed = sinceRun(row.ran_at)
    clock.lease.observe(grantedAt)
    this.#session.leaseTime?.granted(grantedAt)
    const remaining = end - grantedAt - elapsed
    return { expiresAt: wall + remaining, localEnd: monotonic + remaining }
  }
}

const isUnstorable = (error: unknown): error is PersistenceError =>
  error instanceof PersistenceError && ABOUT_THE_VALUE.has(error.code)

/** The first parameters of a statement that has an effect only while the claim is active. */
const ofClaim = ({ stored, owner, generation }: ClaimGrant): [string, string, number] => [stored, owner, generation]

const keyRow = (row: Row | undefined): Row => requiredRow(row, 'idempotency.claim')
