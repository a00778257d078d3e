import type { PersistenceError } from '../errors/persistence-error.js'
import type { OwnerProcess } from '../processes/made-up-owner.js'

/** Where an item stands. */
export interface Listed {
  /** `null` where the name of the row begins with no prefix that is known in the database; `key` is then all of it. */
  readonly prefix: string | null
  readonly key: string
  /** Pass it as `after` to go on behind this item. Means nothing else. */
  readonly cursor: string
}

/**
 * An item of a list. A row that cannot be read is an item too: it has the error and what could be read.
 */
export type Item<Info> =
  | (Listed & Info & { readonly unreadable?: undefined })
  | (Listed & Partial<Info> & { readonly unreadable: PersistenceError })

/** A lock in the database. */
export interface LockInfo {
  readonly owner: string
  /** The process that holds it, where its owner was made up: `host:pid:random`. */
  readonly process?: OwnerProcess
  readonly token: number
  /** How often its owner has it. */
  readonly holds: number
  /** Epoch ms; absent for no expiry. */
  readonly expiresAt?: number
  readonly held: boolean
}

export interface CircuitInfo {
  readonly state: 'closed' | 'open' | 'half-open'
  readonly failures: number
  readonly isolated: boolean
  /** Epoch ms; absent while it is closed. The reset time counts from then. */
  readonly openedAt?: number
  /** Epoch ms. */
  readonly lastFailureAt?: number
  /** Epoch ms. */
  readonly lastSuccessAt?: number
  /** Epoch ms. */
  readonly updatedAt: number
  /** The calls that try it out. Their leases end at `until`, epoch ms. */
  readonly probes: readonly { readonly owner: string; readonly process?: OwnerProcess; readonly until: number }[]
}

/** A claim under way on an idempotency key. */
export interface ClaimInfo {
  readonly owner: string
  /** The process that works on it, where its owner was made up. */
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
  /** Bytes of the stored text. */
  readonly bytes: number
  /** Epoch ms; absent for no expiry. */
  readonly expiresAt?: number
  readonly expired: boolean
  /** What the key stands for, where its claim had one and values were asked for. */
  readonly fingerprint?: string
  /** The result or the error, where values were asked for. */
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
    /** Bytes of the stored data. */
    readonly bytes: number
    /** Where values were asked for. */
    readonly data?: unknown
  }
}

/** A cache entry. */
export interface EntryInfo {
  /** Bytes of the stored text. */
  readonly bytes: number
  /** Epoch ms; absent for no expiry. */
  readonly expiresAt?: number
  readonly expired: boolean
  /** Epoch ms, in whole seconds; absent where the database does not keep it. */
  readonly createdAt?: number
  /** Where values were asked for. */
  readonly value?: unknown
}

/**
 * A standby that follows a file, as it has last said of itself: at most once a second while there are changes, and every ten
 * minutes where there are none.
 */
export interface StandbyInfo {
  /** Random, made when it began to follow. */
  readonly id: string
  /** The change up to which it had everything. */
  readonly position: number
  /** Changes since then. */
  readonly behind: number
  /** Epoch ms. One that was not seen for a day is forgotten. */
  readonly seenAt: number
}

/** A key prefix that is in use. */
export interface PrefixItem {
  readonly prefix: string
  /** As {@link Listed.cursor}. */
  readonly cursor: string
}
