import type { PersistenceError } from '../errors/persistence-error.js'
import type { OwnerProcess } from '../processes/made-up-owner.js'

/** The key of an item, and its position in the list. */
export interface Listed {
  /** `null` where the stored name begins with no prefix that is known in the database; `key` is the whole name then. */
  readonly prefix: string | null
  readonly key: string
  /** Pass it as `after` to list the items after this one. It has no other meaning. */
  readonly cursor: string
}

/**
 * An item of a list. A row that cannot be read is an item too: it has the error, and what could be read of the row.
 */
export type Item<Info> =
  | (Listed & Info & { readonly unreadable?: undefined })
  | (Listed & Partial<Info> & { readonly unreadable: PersistenceError })

/** A lock in the database. */
export interface LockInfo {
  readonly owner: string
  /** The process that holds the lock. Absent for an owner that the app has named. */
  readonly process?: OwnerProcess
  /** The fencing token of the grant. */
  readonly token: number
  /** How often its owner has acquired the lock without releasing it. */
  readonly holds: number
  /** Epoch ms; absent for no expiry. */
  readonly expiresAt?: number
  readonly held: boolean
}

/** A stored circuit. */
export interface CircuitInfo {
  readonly state: 'closed' | 'open' | 'half-open'
  readonly failures: number
  readonly isolated: boolean
  /** Epoch ms of the opening, from which the reset timeout counts. Absent while the circuit is closed. */
  readonly openedAt?: number
  /** Epoch ms. */
  readonly lastFailureAt?: number
  /** Epoch ms. */
  readonly lastSuccessAt?: number
  /** Epoch ms. */
  readonly updatedAt: number
  /** The probes under way. The lease of a probe ends at `until`, in epoch ms. */
  readonly probes: readonly { readonly owner: string; readonly process?: OwnerProcess; readonly until: number }[]
}

/** A claim under way on an idempotency key. */
export interface ClaimInfo {
  readonly owner: string
  /** The process that works on the key. Absent where its owner was not made up. */
  readonly process?: OwnerProcess
  readonly generation: number
  /** Epoch ms of the grant or the last renewal. */
  readonly grantedAt: number
  /** Epoch ms at which its lease ends. */
  readonly until: number
  readonly held: boolean
}

/** What is on record for an idempotency key. */
export interface ResultInfo {
  /** `unstored`: the work was done, and its result could not be stored. */
  readonly outcome: 'completed' | 'failed' | 'unstored'
  /** Length of the stored text in bytes. */
  readonly bytes: number
  /** Epoch ms; absent for no expiry. */
  readonly expiresAt?: number
  readonly expired: boolean
  /** The fingerprint of the claim. Only with the option `values`, and where the claim had one. */
  readonly fingerprint?: string
  /** The result or the error. Only with the option `values`. */
  readonly value?: unknown
}

/** A task that has checkpoints; `key` is its id. */
export interface TaskInfo {
  /** How many checkpoints it has. */
  readonly checkpoints: number
  readonly latest: {
    readonly id: string
    readonly sequence: number
    /** 0 to 100. */
    readonly progress: number
    /** Epoch ms. */
    readonly timestamp: number
    /** ms. */
    readonly estimatedTimeRemaining?: number
    /** Length of the stored data in bytes. */
    readonly bytes: number
    /** Only with the option `values`. */
    readonly data?: unknown
  }
}

/** A cache entry. */
export interface EntryInfo {
  /** Length of the stored text in bytes. */
  readonly bytes: number
  /** Epoch ms; absent for no expiry. */
  readonly expiresAt?: number
  readonly expired: boolean
  /** Epoch ms, rounded down to seconds. Absent where the database does not keep it. */
  readonly createdAt?: number
  /** Only with the option `values`. */
  readonly value?: unknown
}

/**
 * A standby that follows a file, by its last report. It reports at most once a second while there are changes, and every ten
 * minutes while there are none.
 */
export interface StandbyInfo {
  /** A random id, made when the standby began to follow. */
  readonly id: string
  /** The number of the last change that the standby had. */
  readonly position: number
  /** How many changes the source has after that one. */
  readonly behind: number
  /** Epoch ms of the report. A standby without a report for a day is forgotten. */
  readonly seenAt: number
}

/** A key prefix that is in use. */
export interface PrefixItem {
  readonly prefix: string
  /** As {@link Listed.cursor}. */
  readonly cursor: string
}
