import type { LockAcquireOptions, LockOptions } from '../lock/lock-options.js'
import { ANY_NUMBER, checkMembers, MS, MS_ABOVE_0, TEXT } from './check-value.js'
import { type KnownNames, refuseUnknown } from './refuse-unknown.js'

const LOCK: KnownNames<LockOptions> = {
  provider: true,
  key: true,
  ttl: true,
  owner: true,
  allowMultipleReaders: true,
  name: true,
}

const ACQUIRE: KnownNames<LockAcquireOptions> = { timeout: true, priority: true, pollInterval: true }

const LOCK_VALUES = { key: TEXT, ttl: MS_ABOVE_0, owner: TEXT }
const ACQUIRE_VALUES = { timeout: MS, priority: ANY_NUMBER, pollInterval: MS }

/** @throws TypeError for an unknown option name of a lock, and for a value that means nothing. */
export function checkLockOptions(options: LockOptions): void {
  refuseUnknown('lock options', options, LOCK)
  checkMembers('lock option', options, LOCK_VALUES)
}

/** The same for the options of a request. */
export function checkAcquireOptions(options: LockAcquireOptions): void {
  refuseUnknown('lock request options', options, ACQUIRE)
  checkMembers('lock request option', options, ACQUIRE_VALUES)
}
