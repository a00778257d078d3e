import type { IdempotencyProvider } from './idempotency.js'

/** How a key is claimed. */
export interface ClaimOptions {
  /**
   * Length of the lease in ms, counted from the claim or its last renewal. When it ends, the key is free again. A late report of
   * the claimant is refused once another caller has claimed the key.
   */
  lease: number
  /** ms for which the result is kept. Default: no expiry. */
  ttl?: number | undefined
  /**
   * Identifies the work of the key, for example by a hash of the request. A claim whose fingerprint differs from the one on
   * record is refused with `FINGERPRINT_MISMATCH`. A claim or a result without a fingerprint matches any.
   */
  fingerprint?: string | undefined
  /** ms to wait for the running claim of another caller before the call returns `running`. Default 0. */
  wait?: number | undefined
  /** Ends the wait: the call rejects with the reason of the signal and claims nothing. */
  signal?: AbortSignal | undefined
  /**
   * What {@link ClaimedKey.fail} does. `forget` frees the key; `keep` records the failure and replays it like a result. Default
   * `forget`.
   */
  onFailure?: 'forget' | 'keep' | undefined
  /**
   * Whether the lease is renewed every third of `lease` until `complete` or `fail` is called or the claim is lost. Renewal does
   * not keep the process alive. Default `false`.
   */
  renew?: boolean | undefined
}

/** This caller owns the key: it must do the work and report the outcome. */
export interface ClaimedKey<T> {
  readonly state: 'claimed'
  /** Unique to this claim. */
  readonly owner: string
  /**
   * Fencing token. It grows with every claim in the database. A resource can refuse a claimant whose generation is lower than the
   * last one it saw.
   */
  readonly generation: number
  /** Epoch ms at which the lease ends unless it is renewed. */
  readonly expiresAt: number
  /**
   * Aborts with a `CLAIM_LOST` error when the claim is lost. At the latest it aborts a tenth of the lease, but at most 1 s,
   * before the lease ends by the local clock. Reporting a result does not abort it.
   */
  readonly signal: AbortSignal
  /**
   * Records the result and ends the claim in one step.
   *
   * @throws (as a rejection) `RESULT_NOT_STORED` for a result that the store cannot hold. The claim has ended nevertheless: the
   *   key counts as completed without a value until `ttl` is over, so that the work is not done twice.
   */
  complete(value: T): Promise<ClaimOutcome<T>>
  /**
   * Ends the claim: frees the key or records the failure, as the option `onFailure` says.
   *
   * @throws (as a rejection) `RESULT_NOT_STORED` for a failure that is to be kept and that the store cannot hold, like
   *   `complete`.
   */
  fail(error: unknown): Promise<ClaimOutcome<T>>
  /**
   * Moves the end of the lease to now + `lease` ms, by default the lease of the claim. Never rejects.
   *
   * @returns `false` when the claim is lost or ended, or could not be renewed now.
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
  /** `RESULT_NOT_STORED`; its `cause` is the reason. */
  readonly error: Error
  /** Epoch ms, absent when it never expires. */
  readonly expiresAt?: number
}

/** What is on record for a key. */
export type KeyRecord<T> = CompletedKey<T> | FailedKey | RunningKey | UnstoredKey

/** The result of a call of `claim`. */
export type Claim<T> = ClaimedKey<T> | CompletedKey<T> | FailedKey | RunningKey

/**
 * The outcome of a report: recorded, or refused because the claim was over and the key claimed, settled or freed by another caller,
 * or swept. `current` is then the present state of the key.
 */
export type ClaimOutcome<T> =
  | { readonly recorded: true }
  | { readonly recorded: false; readonly current: KeyRecord<T> | VacantKey }

/** An idempotency provider whose keys can be claimed, so that the work of a key runs once across all processes. */
export interface ClaimingIdempotencyProvider extends IdempotencyProvider {
  /**
   * Claims `key`, or returns what is on record for it. A result stored by `set` counts as completed.
   *
   * @throws (as a rejection) `RESULT_NOT_STORED` when the work was done before and its result could not be stored;
   *   `FINGERPRINT_MISMATCH` when the key is on record with another fingerprint; `INVALID_KEY`, `INVALID_TTL` or
   *   `INVALID_ARGUMENT` for an unusable argument; the signal's reason when it aborts.
   */
  claim<T = unknown>(key: string, options: ClaimOptions): Promise<Claim<T>>
}
