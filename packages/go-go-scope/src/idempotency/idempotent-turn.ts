import type { Reporter } from '../errors/reporter.js'
import type { Logger } from '../logging/logger.js'

/** What one task asks the store about its key. */
export interface IdempotentRequest {
  readonly key: string
  /** ms the result is kept; `undefined` for ever. */
  readonly ttl: number | undefined
  /** ms a claim lasts unless it is renewed. */
  readonly lease: number
  /** Ends the wait for somebody else's run. */
  readonly signal: AbortSignal
  readonly logger: Logger
  readonly report: Reporter
}

/** The answer of the store: a recorded value, or the right to run and to report what came out. */
export type IdempotentAnswer<T> = { readonly replayed: true; readonly value: T } | IdempotentTurn<T>

/** The right to run a key. */
export interface IdempotentTurn<T> {
  readonly replayed: false
  /** What keeps others from running it; a store that only knows `get` and `set` has no such thing. */
  readonly claim?: KeptClaim
  /** The function succeeded. @returns the value that holds: another one's, if that was recorded first. Never rejects. */
  succeeded(value: T): Promise<T> | T
  /** The task has ended with a success. Never rejects. */
  record(value: T): Promise<void>
}

/** A claim on a key, renewed until it ends. */
export interface KeptClaim {
  /** Aborts when it was lost to somebody else. */
  readonly lost: AbortSignal
  /** The run failed and nothing of it goes on: the key is free. Never rejects. */
  free(error: unknown): Promise<void>
  /** Leaves it to its lease, because nobody waits for the end of the run any more. */
  leave(): void
}
