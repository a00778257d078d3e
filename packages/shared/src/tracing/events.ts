import { eventChannel, type MessageChannel } from './channels.js'
import type { TracedDatabase } from './traced-database.js'

/** The message of `go-go-scope.persistence.lock`. */
export interface LockEvent {
  readonly database: TracedDatabase
  /** Where the lock is kept: the option `locks`. */
  readonly kind: 'process' | 'database'
  /** The outcome of a call of `acquire` or `hold`. `lost`: a lock was found to be lost. */
  readonly outcome: 'granted' | 'refused' | 'lost'
  readonly key: string
  /** ms that a call of `hold` took. Only for a call with `wait`. */
  readonly waited?: number
  /** Why the lock was lost. */
  readonly reason?: string
}

/**
 * The message of `go-go-scope.persistence.circuit`: a write of this connection has left a circuit in another state than its last
 * write did. Another connection may have made the change.
 */
export interface CircuitEvent {
  readonly database: TracedDatabase
  readonly key: string
  readonly state: 'closed' | 'open' | 'half-open'
  /** The previous state that this connection published for the circuit. Absent in its first message. */
  readonly previous?: 'closed' | 'open' | 'half-open'
}

/** The message of `go-go-scope.persistence.cache`: how many keys one read has found and missed. */
export interface CacheEvent {
  readonly database: TracedDatabase
  readonly hits: number
  readonly misses: number
}

/**
 * The message of `go-go-scope.persistence.claim`: the outcome of a call of `claim`. `lost`: a claim was found to be lost, and its
 * signal aborts. Its late report still counts if no other caller has claimed the key.
 */
export interface ClaimEvent {
  readonly database: TracedDatabase
  readonly key: string
  readonly outcome: 'claimed' | 'replayed' | 'running' | 'mismatch' | 'lost'
}

export const lockEvents: MessageChannel<LockEvent> = eventChannel<LockEvent>('lock')
export const circuitEvents: MessageChannel<CircuitEvent> = eventChannel<CircuitEvent>('circuit')
export const cacheEvents: MessageChannel<CacheEvent> = eventChannel<CacheEvent>('cache')
export const claimEvents: MessageChannel<ClaimEvent> = eventChannel<ClaimEvent>('claim')
