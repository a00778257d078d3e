import type { LockProvider } from '@go-go-scope/persistence-sqlite-core/ports'
import type { Reporter } from '../../errors/reporter.js'
import type { HeldLock } from '../lock-request.js'

/** Who asks a provider, and for how long. */
export interface LockTerms {
  readonly provider: LockProvider
  readonly key: string
  /** ms. */
  readonly ttl: number
  readonly owner: string
  readonly report: Reporter
}

/** What one request does at the provider, try by try. */
export interface Attempt {
  /** Holds part of what it needs: until it is done or gives up, nobody else of this process may try. */
  readonly committed: boolean
  /** One try. `null`: not now. Rejects with the provider's error. */
  try(): Promise<HeldLock | null>
  /** Gives back what the tries have taken. Never rejects. */
  abandon(): Promise<void>
}

/** Reader slots of one key: the number of processes that can read at a time. */
export const SLOTS = 16

export const gateKey = ({ key }: LockTerms): string => `lock:write:${key}`

export const slotKey = ({ key }: LockTerms, slot: number): string => `lock:read:${key}:${slot}`

/** A provider lets the same owner take a lock twice, so whoever must be kept out needs an owner of its own. */
export const uniqueOwner = ({ owner }: LockTerms): string => `${owner}:${crypto.randomUUID()}`
