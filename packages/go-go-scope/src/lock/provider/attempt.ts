import type { LockProvider } from '@go-go-scope/persistence-core/ports'
import type { Reporter } from '../../errors/reporter.js'
import type { HeldLock } from '../lock-request.js'

/** A lock of a provider, its owner, and how long the provider keeps it. */
export interface LockTerms {
  readonly provider: LockProvider
  readonly key: string
  /** ms. */
  readonly ttl: number
  readonly owner: string
  readonly report: Reporter
}

/** One request at a provider, try by try. */
export interface Attempt {
  /** It holds a part of what it needs. No other request of this process may try until it succeeds or is abandoned. */
  readonly committed: boolean
  /** One try; `null` when the lock is not free. Rejects with the provider's error. */
  try(): Promise<HeldLock | null>
  /** Gives back what the tries have taken. Never rejects. */
  abandon(): Promise<void>
}

/** Reader slots of one key: the number of processes that can read at a time. */
export const SLOTS = 16

export const gateKey = ({ key }: LockTerms): string => `lock:write:${key}`

export const slotKey = ({ key }: LockTerms, slot: number): string => `lock:read:${key}:${slot}`

/** An owner that no other request has: a provider lets the same owner take a lock twice. */
export const uniqueOwner = ({ owner }: LockTerms): string => `${owner}:${crypto.randomUUID()}`
