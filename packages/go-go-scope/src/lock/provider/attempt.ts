import type { LockProvider } from '@go-go-scope/persistence-core/ports'
import type { Reporter } from '../../errors/reporter.js'
import type { Hold } from '../hold.js'

/** Who asks a provider, and for how long. */
export interface Claimant {
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
  try(): Promise<Hold | null>
  /** Gives back what the tries have taken. Never rejects. */
  abandon(): Promise<void>
}
