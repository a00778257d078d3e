import type { IdempotencyProvider } from './idempotency.js'

/** How a key is claimed. */
export interface ClaimOptions {
  /** ms after the claim or its last renewal at which the key is free again. A later report of the claimant is refused. */
  lease: number
  /** ms for which the result is kept; absent: no expiry. */
  ttl?: number
  /**
   * What the key stands for, for example a hash of the request. A claim whose fingerprint is not the one on record is
   * refused with `FINGERPRINT_MISMATCH`; a result or a claim without one fits any.
   */
  fingerprint?: string
  /** ms to wait for the running claim of another caller before `running` is answered. Default 0. */
  wait?: number
  /** Ends the waiting: the call rejects with the reason of the signal, and claims nothing. */
  signal?: AbortSignal
  /** What a reported failure does. `forget`: it frees the key. `keep`: it is recorded, and replayed like a result. Default `forget`. */
  onFailure?: 'forget' | 'keep'
}

/** The key is this caller's: it must do the work and report it. */
export interface ClaimedKey<T> {
  readonly state: 'claimed'
  /** Unique to this claim. */
  readonly owner: string
  /**
   * Fencing token, which grows with every claim in the database. A resource can refuse a claimant whose generation is lower
   * than the last it saw.
   */
  readonly generation: number
  /** Epoch ms at which the lease ends unless it is renewed. */
  readonly expiresAt: number
  /**
   * Aborts with a `CLAIM_LOST` error when the claim is lost, and at the latest a tenth of the lease, but at most 1 s, before the
   * lease ends by the local clock. Reporting a result does not abort it.
   */
  readonly signal: AbortSignal
  /**
   * Records the result and ends the claim, in one step.
   *
   * @throws (as a rejection) `RESULT_NOT_STORED` for a result that the store cannot hold. The claim has ended all the
   *   same: the key is completed without a value, until `ttl` is over, so that the work is not done a second time.
   */
  complete(value: T): Promise<ClaimOutcome<T>>
  /**
   * Ends the claim: the key is free, or the failure is on record, as `onFailure` says.
   *
   * @throws (as a rejection) `RESULT_NOT_STORED` for a failure to keep that the store cannot hold, as `complete` does.
   */
  fail(error: unknown): Promise<ClaimOutcome<T>>
  /**
   * Moves the end of the lease to now + `lease` ms, by default the claim's own. Never rejects.
   *
   * @returns `false` when the claim is lost, ended, or could not be renewed now.
   */
  renew(lease?: number): Promise<boolean>
}

/** The work was done before. */
export interface CompletedKey<T> {
  readonly state: 'completed'
  readonly value: T
  readonly replay: true
  /** Epoch ms, absent when the result never expires. */
  readonly expiresAt?: number
}

/** The work failed before, and the failure was kept. */
export interface FailedKey {
  readonly state: 'failed'
  readonly error: unknown
  readonly replay: true
  /** Epoch ms, absent when the failure never expires. */
  readonly expiresAt?: number
}

/** Another caller holds the claim. */
export interface RunningKey {
  readonly state: 'running'
  /** Epoch ms at which the claim ends unless it is renewed. */
  readonly until: number
}

/** Nothing is recorded, and no caller holds a claim. */
export interface VacantKey {
  readonly state: 'vacant'
}

/** The work was done before, but its result could not be stored. */
export interface UnstoredKey {
  readonly state: 'unstored'
  /** `RESULT_NOT_STORED`; its cause is why. */
  readonly error: Error
  /** Epoch ms, absent when it never expires. */
  readonly expiresAt?: number
}

/** What is on record for a key. */
export type KeyRecord<T> = CompletedKey<T> | FailedKey | RunningKey | UnstoredKey

/** What a claim answers. */
export type Claim<T> = ClaimedKey<T> | CompletedKey<T> | FailedKey | RunningKey

/** What became of a report: recorded, or refused because the claim was over, with what holds instead. */
export type ClaimOutcome<T> =
  | { readonly recorded: true }
  | { readonly recorded: false; readonly current: KeyRecord<T> | VacantKey }

/** An idempotency provider whose keys can be claimed, so that their work runs once over all processes. */
export interface ClaimingIdempotencyProvider extends IdempotencyProvider {
  /**
   * Claims `key`, or answers what is on record for it. A result stored by `set` counts as completed.
   *
   * @throws (as a rejection) `RESULT_NOT_STORED` when the work was done before and its result could not be stored,
   *   `FINGERPRINT_MISMATCH` when the key is on record with another fingerprint, `INVALID_KEY`, `INVALID_TTL` or
   *   `INVALID_ARGUMENT` for what cannot be used, and the signal's reason when it aborts.
   */
  claim<T = unknown>(key: string, options: ClaimOptions): Promise<Claim<T>>
}
