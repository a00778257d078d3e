import type { LockProvider } from '@go-go-scope/persistence-core/ports'
import type { Reporter } from '../../errors/reporter.js'
import type { HeldLock } from '../lock-request.js'

/** A provider's lock, its owner, and the length of its lease. */
export interface LockTerms {
  readonly provider: LockProvider
  readonly key: string
  /** ms. */
  readonly ttl: number
  /** Replaced when a lease is lost, unless the app gave it. */
  owner: string
  readonly isOwnerGiven: boolean
  readonly report: Reporter
}

/** One request to a provider, which may take several tries. */
export interface Attempt {
  /** Whether it holds some of its locks. Then no other request of this process may try until it succeeds or is abandoned. */
  readonly committed: boolean
  /** Tries once. Returns `null` if the lock is not free. Rejects with the provider's error. */
  try(): Promise<HeldLock | null>
  /** Releases what the tries have acquired. Never rejects. */
  abandon(): Promise<void>
}

/** The number of reader slots per key, so the number of processes that can read at a time. */
export const SLOTS = 16

export const gateKey = ({ key }: LockTerms): string => `lock:write:${key}`

export const slotKey = ({ key }: LockTerms, slot: number): string => `lock:read:${key}:${slot}`

/** Returns an owner that no other request has, because a provider lets the same owner acquire a lock twice. */
export const uniqueOwner = ({ owner }: LockTerms): string => `${owner}:${crypto.randomUUID()}`
