import type { Reporter } from '../errors/reporter.js'
import type { Logger } from '../logging/logger.js'

/** What one task asks the store about its idempotency key. */
export interface KeyRequest {
  readonly key: string
  /** ms the result is kept; `undefined` for ever. */
  readonly ttl: number | undefined
  /** ms a claim lasts unless it is renewed. */
  readonly lease: number
  /** Ends the wait for the run of another process. */
  readonly signal: AbortSignal
  readonly logger: Logger
  readonly report: Reporter
}

/** The store's answer: the recorded value of an earlier run, or a run of the task's own. */
export type ReplayOrRun<T> = Replay<T> | KeyedRun<T>

/** The recorded value of an earlier run. */
export interface Replay<T> {
  readonly replayed: true
  readonly value: T
}

/** The run of a key, whose result is recorded. */
export interface KeyedRun<T> {
  readonly replayed: false
  /** Keeps other processes from running the key. Absent when the store knows only `get` and `set`. */
  readonly claim?: RunClaim
  /** The function succeeded. @returns the value that counts: that of a run that was recorded first. Never rejects. */
  succeeded(value: T): Promise<T> | T
  /** The task has ended with a success. Never rejects. */
  record(value: T): Promise<void>
}

/** The claim of a run on its key, renewed until it ends. */
export interface RunClaim {
  /** Aborts when the claim is lost: it expired, or another process has it. */
  readonly lost: AbortSignal
  /** The run failed, and its function has ended: frees the key. Never rejects. */
  fail(error: unknown): Promise<void>
  /** Stops the renewal when nothing waits for the run any more: the key is free when the lease is over. */
  abandon(): void
}
