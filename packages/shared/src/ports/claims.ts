import type { IdempotencyProvider } from './idempotency.js'

/** How a key is claimed. All times are ms. */
export interface ClaimOptions {
  /** After so long without a renewal the key is free again, and a later report of the claimant is refused. */
  lease: number
  /** How long the result is kept; absent means for ever. */
  ttl?: number
  /**
   * What the key stands for, for example a hash of the request. A claim whose fingerprint is not the one on record is
   * refused with `FINGERPRINT_MISMATCH`; a result or a claim without one fits any.
   */
  fingerprint?: string
  /** How long to wait for a running claim before `running` is answered. Default 0. */
  wait?: number
  /** Ends the waiting: the call then rejects with the signal's reason, and nothing is claimed. */
  signal?: AbortSignal
  /** Whether a failure frees the key, or is recorded and replayed like a result. Default `forget`. */
  onFailure?: 'forget' | 'keep'
}

/** The key is this caller's: it must do the work and report it. */
export interface ClaimedKey<T> {
  readonly state: 'claimed'
  /** Unique to this claim. */
  readonly owner: string
  /**
   * Grows with every claim in the file and never repeats; pass it on to the resource that must refuse an overtaken
   * claimant.
   */
  readonly generation: number
  /** Epoch ms at which the lease ends unless it is renewed. */
  readonly expiresAt: number
  /**
   * Aborts with a `CLAIM_LOST` error when the claim is lost, and, by the local clock, a tenth of the lease but at most
   * 1 s before it ends. Not by reporting a result.
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
