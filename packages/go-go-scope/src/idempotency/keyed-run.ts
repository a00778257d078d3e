import type { Reporter } from '../errors/reporter.js'
import type { Logger } from '../logging/logger.js'

/** The request of one task to the store of its idempotency key. */
export interface KeyRequest {
  readonly key: string
  /** ms for which the result is kept; `undefined` means forever. */
  readonly ttl: number | undefined
  /** Length of a claim's lease in ms. */
  readonly lease: number
  /** Ends the wait for the run of another process. */
  readonly signal: AbortSignal
  readonly logger: Logger
  readonly report: Reporter
}

/** The store's answer: the recorded value of an earlier run, or permission for the task's own run. */
export type ReplayOrRun<T> = Replay<T> | KeyedRun<T>

/** The recorded value of an earlier run. */
export interface Replay<T> {
  readonly replayed: true
  readonly value: T
}

/** A run of a key. Its result is recorded. */
export interface KeyedRun<T> {
  readonly replayed: false
  /** Keeps other processes from running the key. Absent if the store has only `get` and `set`. */
  readonly claim?: RunClaim
  /** Records a success. Returns the value that counts, which is that of the run recorded first. Never rejects. */
  succeeded(value: T): Promise<T> | T
  /** Called when the task has ended with a success. Never rejects. */
  record(value: T): Promise<void>
}

/** The claim of a run on its key, renewed until it ends. */
export interface RunClaim {
  /** Aborts when the claim is lost: it expired or another process has it. */
  readonly lost: AbortSignal
  /** Releases the key after the run failed and its function ended. Never rejects. */
  fail(error: unknown): Promise<void>
  /** Stops the renewal when nothing waits for the run. The key is released when the lease expires. */
  abandon(): void
}
