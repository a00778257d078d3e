import type { KeyRecord } from '../ports/claims.js'
import { PersistenceError } from './persistence-error.js'

/** `FINGERPRINT_MISMATCH`: a key was claimed with another fingerprint than the one on record. */
export class FingerprintMismatchError extends PersistenceError {
  /** The fingerprint on record. */
  readonly fingerprint: string
  /** What is on record for the key. */
  readonly record: KeyRecord<unknown>

  constructor(key: string, fingerprint: string, record: KeyRecord<unknown>, operation: string) {
    const state = record.state === 'unstored' ? 'completed' : record.state
    super(
      'FINGERPRINT_MISMATCH',
      operation,
      `${operation}: the key ${JSON.stringify(key)} is ${state} under another fingerprint; use one key per request`,
    )
    this.fingerprint = fingerprint
    this.record = record
  }
}
