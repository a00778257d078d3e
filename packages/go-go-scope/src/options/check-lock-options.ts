import type { LockAcquireOptions, LockOptions } from '../lock/lock-options.js'
import { checkOptions, type OptionTable } from './check-options.js'
import { ANY_NUMBER, ANYTHING, having, MS, MS_ABOVE_0, TEXT } from './check-value.js'

const LOCK: OptionTable<LockOptions> = {
  provider: having('acquire'),
  key: TEXT,
  ttl: MS_ABOVE_0,
  owner: TEXT,
  allowMultipleReaders: ANYTHING,
  name: ANYTHING,
}

const REQUEST: OptionTable<LockAcquireOptions> = { timeout: MS, priority: ANY_NUMBER, pollInterval: MS }

/** @throws TypeError for an unknown option name of a lock, and for an invalid value. */
export function checkLockOptions(options: LockOptions): void {
  checkOptions('lock', options, LOCK)
}

/** The same for the options of a request. */
export function checkAcquireOptions(options: LockAcquireOptions): void {
  checkOptions('lock request', options, REQUEST)
}
