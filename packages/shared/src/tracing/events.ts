import { eventChannel, type MessageChannel } from './channels.js'
import type { TracedDatabase } from './traced-database.js'

/** The message of `go-go-scope.persistence.lock`. */
export interface LockEvent {
  readonly database: TracedDatabase
  /** Among whom the lock counts, as the option `locks` says. */
  readonly kind: 'process' | 'database'
  /** What a call of `acquire` or `hold` came to, or that a lock was found to be lost. */
  readonly outcome: 'granted' | 'refused' | 'lost'
  readonly key: string
  /** ms that `hold` took; only where it was told to wait. */
  readonly waited?: number
  /** Why it was lost. */
  readonly reason?: string
}

/** The message of `go-go-scope.persistence.circuit`: this connection has changed a circuit to another state. */
export interface CircuitEvent {
  readonly database: TracedDatabase
  readonly key: string
  readonly state: 'closed' | 'open' | 'half-open'
  /** The state in which this connection saw it last; absent for the first time since somebody subscribed. */
  readonly previous?: 'closed' | 'open' | 'half-open'
}

/** The message of `go-go-scope.persistence.cache`: what one read has found. */
export interface CacheEvent {
  readonly database: TracedDatabase
  readonly hits: number
  readonly misses: number
}

/** The message of `go-go-scope.persistence.claim`: what a call of `claim` came to, or that a claim was lost. */
export interface ClaimEvent {
  readonly database: TracedDatabase
  readonly key: string
  readonly outcome: 'claimed' | 'replayed' | 'running' | 'mismatch' | 'lost'
}

export const lockEvents: MessageChannel<LockEvent> = eventChannel<LockEvent>('lock')
export const circuitEvents: MessageChannel<CircuitEvent> = eventChannel<CircuitEvent>('circuit')
export const cacheEvents: MessageChannel<CacheEvent> = eventChannel<CacheEvent>('cache')
export const claimEvents: MessageChannel<ClaimEvent> = eventChannel<ClaimEvent>('claim')
