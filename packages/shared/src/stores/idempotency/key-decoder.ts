import type { Row } from '../../driver/driver.js'
import type { KeyRecord, VacantKey } from '../../ports/claims.js'
import type { Session } from '../../session/session.js'
import type { ClaimSql } from './idempotency-sql.js'
import { resultNotStored, unstoredIn } from './unstored-result.js'

/** The record of a key, and its fingerprint. */
export interface RecordedKey {
  readonly record: KeyRecord<unknown> | VacantKey
  readonly fingerprint: string | undefined
}

/** Decodes the row of a key: its result, its kept failure, its claim, or none of these. */
export class KeyDecoder {
  readonly #session: Session
  readonly #sql: ClaimSql
  readonly #results: string

  /** @param results The table of results. */
  constructor(session: Session, sql: ClaimSql, results: string) {
    this.#session = session
    this.#sql = sql
    this.#results = results
  }

  /** @throws PersistenceError `VALUE_UNREADABLE`. */
  decode(row: Row, stored: string): RecordedKey {
    const record = this.#record(row, stored)
    const fingerprint = record.state === 'running' ? row.claimed_fingerprint : row.fingerprint
    return { record, fingerprint: typeof fingerprint === 'string' ? fingerprint : undefined }
  }

  #record(row: Row, stored: string): KeyRecord<unknown> | VacantKey {
    const { values, clock } = this.#session
    const { recordTable, readKey } = this.#sql
    const unstored = unstoredIn(row.unstored ?? row.value)
    if (unstored !== undefined) {
      const error = resultNotStored(this.#session.names.idempotency.restore(stored), readKey.name, unstored)
      return { state: 'unstored', error, ...expiringAt(row.value_expires_at) }
    }
    if (row.completed === 1) {
      const value = values.decode(row.value, this.#results, stored, readKey.name)
      return { state: 'completed', value, replay: true, ...expiringAt(row.value_expires_at) }
    }
    if (row.failure !== null) {
      const error = values.decode(row.failure, recordTable, stored, readKey.name)
      return { state: 'failed', error, replay: true, ...expiringAt(row.failure_expires_at) }
    }
    if (row.claimed_until !== null) {
      const remaining = Number(row.claimed_until) - Number(row.judged_at)
      return { state: 'running', until: clock.now() + remaining }
    }
    return { state: 'vacant' }
  }
}

const expiringAt = (value: unknown): { expiresAt?: number } => (value === null ? {} : { expiresAt: Number(value) })
