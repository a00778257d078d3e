import type { Session } from '../adapter/session.js'
import type { Row } from '../driver/driver.js'
import type { Statement } from '../driver/statement.js'
import { PersistenceError } from '../errors/persistence-error.js'
import type { KeyRecord, VacantKey } from '../ports/claims.js'
import { expiry } from '../time/time-to-live.js'
import { COMPLETE, FORGET, GRANT, READ_KEY, RECORD, RENEW } from './claim-sql.js'

/** What is on record for a key, and under which fingerprint. */
export interface Position {
  readonly record: KeyRecord<unknown> | VacantKey
  readonly fingerprint: string | undefined
}

/** A grant in the file. */
export interface Grant {
  readonly stored: string
  readonly owner: string
  readonly generation: number
  readonly fingerprint: string | undefined
  /** ms the result is kept; `undefined` for ever. */
  readonly ttl: number | undefined
}

/** The end of a lease by the clocks of this process, never later than the file has it. */
export interface LeaseEnd {
  /** Epoch ms. */
  readonly expiresAt: number
  /** Monotonic ms. */
  readonly localEnd: number
}

const RESULTS = 'go_goscope_idempotency'
const RECORDS = 'go_goscope_claim_records'

/**
 * Claims in the file. Each decision is one statement, or one atomic batch where a record goes with it. All reject once the
 * session is over or its file gone: a claim outlives both, and must not be reported where nobody will find it.
 */
export class ClaimLedger {
  readonly #session: Session

  constructor(session: Session) {
    this.#session = session
  }

  async read(stored: string): Promise<Position> {
    if (!this.#session.ready) await this.#session.connect()
    const row = await this.#session.execute(READ_KEY, [stored, this.#session.clock.now()], present)
    this.#session.clock.lease.observe(Number(row.marked_at))
    const record = this.#record(row, stored)
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
    return this.#session.execute(GRANT, parameters, (row) =>
      row === undefined ? undefined : { ...this.#leaseEnd(row), generation: Number(row.generation) },
    )
  }

  /** @returns `undefined` when the claim was over. */
  async renew(grant: Grant, lease: number): Promise<LeaseEnd | undefined> {
    if (!this.#session.ready) await this.#session.connect()
    return this.#session.execute(RENEW, [...guard(grant), lease], (row) =>
      row === undefined ? undefined : this.#leaseEnd(row),
    )
  }

  /** @returns `false` when the claim was over and nothing was written. */
  async complete(grant: Grant, value: unknown): Promise<boolean> {
    const encoded = this.#session.values.encode(value, COMPLETE.name)
    if (!this.#session.ready) await this.#session.connect()
    const expiresAt = expiry(this.#session.clock.now(), grant.ttl)
    const parameters = [...guard(grant), encoded, expiresAt]
    return grant.fingerprint === undefined
      ? this.#session.execute(COMPLETE, parameters, decided)
      : this.#withRecord(COMPLETE, parameters, [grant.stored, grant.fingerprint, null, expiresAt])
  }

  async forget(grant: Grant): Promise<boolean> {
    if (!this.#session.ready) await this.#session.connect()
    return this.#session.execute(FORGET, guard(grant), decided)
  }

  async keep(grant: Grant, error: unknown): Promise<boolean> {
    const encoded = this.#session.values.encode(error, FORGET.name)
    if (!this.#session.ready) await this.#session.connect()
    const expiresAt = expiry(this.#session.clock.now(), grant.ttl)
    return this.#withRecord(FORGET, guard(grant), [grant.stored, grant.fingerprint ?? null, encoded, expiresAt])
  }

  async #withRecord(
    decision: Statement<'one'>,
    parameters: readonly (string | number | null)[],
    record: readonly (string | number | null)[],
  ): Promise<boolean> {
    const decide = { sql: decision.sql, parameters, clocked: decision.clocked, expect: 1 }
    try {
      await this.#session.queue.atomic(decision.name, [decide, { sql: RECORD, parameters: record }])
      return true
    } catch (error) {
      if (error instanceof PersistenceError && error.code === 'CONSTRAINT' && error.cause === undefined) return false
      throw error
    }
  }

  #leaseEnd(row: Row): LeaseEnd {
    const end = Number(row.expires_at)
    const grantedAt = Number(row.granted_at)
    // Read first: were the process held up between the readings, it must not take the end to be later than it is.
    const { clock } = this.#session
    const [wall, monotonic] = [clock.now(), clock.monotonic()]
    clock.lease.observe(grantedAt)
    this.#session.fileTime.granted(grantedAt)
    const remaining = Math.min(end - grantedAt, end - clock.lease.now())
    return { expiresAt: wall + remaining, localEnd: monotonic + remaining }
  }

  #record(row: Row, stored: string): KeyRecord<unknown> | VacantKey {
    if (row.completed === 1) {
      const value = this.#session.values.decode(row.value, RESULTS, stored, READ_KEY.name)
      return { state: 'completed', value, replay: true, ...expiringAt(row.value_expires_at) }
    }
    if (row.failure !== null) {
      const error = this.#session.values.decode(row.failure, RECORDS, stored, READ_KEY.name)
      return { state: 'failed', error, replay: true, ...expiringAt(row.failure_expires_at) }
    }
    if (row.claimed_until !== null) {
      const { clock } = this.#session
      const remaining = Number(row.claimed_until) - clock.lease.now()
      return { state: 'running', until: clock.now() + remaining }
    }
    return { state: 'vacant' }
  }
}

const guard = ({ stored, owner, generation }: Grant): [string, string, number] => [stored, owner, generation]

const decided = (row: Row | undefined): boolean => row !== undefined

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

const expiringAt = (value: unknown): { expiresAt?: number } => (value === null ? {} : { expiresAt: Number(value) })

function present(row: Row | undefined): Row {
  if (row === undefined) throw new PersistenceError('SQL', READ_KEY.name, `${READ_KEY.name}: the engine gave no row`)
  return row
}
