import { checkSignal } from '../../arguments/abort-signal.js'
import { flagValue, invalidCallOption, shown, waitingTime } from '../../arguments/invalid.js'
import { checkKey } from '../../arguments/limits.js'
import { type Complete, type OptionNames, readOptions } from '../../arguments/options.js'
import { PersistenceError } from '../../errors/persistence-error.js'
import type { ClaimOptions } from '../../ports/claims.js'
import { timeToLive } from '../../time/time-to-live.js'

const OPTIONS: OptionNames<ClaimOptions> = {
  lease: true,
  ttl: true,
  fingerprint: true,
  wait: true,
  signal: true,
  onFailure: true,
  renew: true,
}

/** Validated options of a claim with their defaults; times in ms. */
export interface ClaimRequest extends Complete<ClaimOptions, 'ttl' | 'fingerprint' | 'signal'> {
  readonly key: string
  /** The call, for its errors. */
  readonly operation: string
}

/** @throws PersistenceError `INVALID_ARGUMENT`, `INVALID_KEY` or `INVALID_TTL`. */
export function claimRequest(key: string, options: ClaimOptions, maxKeyBytes: number, operation: string): ClaimRequest {
  checkKey(key, maxKeyBytes, operation)
  const given = readOptions(options, OPTIONS, operation)
  const { lease, ttl, fingerprint, wait = 0, signal, onFailure = 'forget', renew = false } = given
  if (fingerprint !== undefined) checkKey(fingerprint, maxKeyBytes, operation, 'option fingerprint')
  waitingTime(wait, operation, 'wait')
  checkSignal(signal, operation)
  if (onFailure !== 'forget' && onFailure !== 'keep') {
    throw invalidCallOption(operation, 'onFailure', onFailure, "'forget' or 'keep'")
  }
  return {
    key,
    lease: leaseTime(lease, operation),
    ttl: timeToLive(ttl, operation),
    fingerprint,
    wait,
    signal,
    onFailure,
    renew: flagValue(renew, operation, 'renew'),
    operation,
  }
}

// The end of the lease, now plus this, must be an integer that every engine reads exactly.
const LONGEST_LEASE_MS = Math.floor(Number.MAX_SAFE_INTEGER / 2)

/** Returns a lease in whole ms. @throws PersistenceError `INVALID_TTL`, also for a lease without end. */
export function leaseTime(lease: number, operation: string): number {
  const duration = timeToLive(lease, operation, { name: 'lease', advice: '' })
  if (lease !== undefined && duration !== undefined && duration <= LONGEST_LEASE_MS) return duration
  throw new PersistenceError(
    'INVALID_TTL',
    operation,
    `${operation}: lease must be a positive number of ms, such as 30000, up to ${LONGEST_LEASE_MS}, got ${shown(lease)}`,
  )
}
