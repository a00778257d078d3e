import type {
  Claim,
  ClaimedKey,
  ClaimOptions,
  ClaimOutcome,
  IdempotencyEntry,
  KeyRecord,
  VacantKey,
} from '@go-go-scope/persistence-core/ports'
import type { ManualClock } from '../manual-clock.js'
import { LeaseTime } from './lease-time.js'

interface Kept {
  readonly what: { value: unknown } | { error: unknown } | { unstored: Error }
  readonly fingerprint: string | undefined
  /** By the wall clock, like the expiry of all results. */
  readonly expiresAt: number | undefined
}

interface Running {
  readonly fingerprint: string | undefined
  /** By the lease time. */
  until: number
}

/** The state that connections share: the record and the running claim of each key, and the time of the latest grant. */
export class ClaimedFile {
  readonly kept: Map<string, Kept> = new Map()
  readonly running: Map<string, Running> = new Map()
  grantedAt: number = Number.NEGATIVE_INFINITY
}

const LONGEST_MARGIN_MS = 1_000

/** Claims in Maps, for one of the connections to a file. Callers do not wait here. */
export class ReferenceClaims {
  readonly clock: ManualClock
  readonly #file: ClaimedFile
  readonly #time: LeaseTime

  constructor(file: ClaimedFile, clock: ManualClock) {
    this.#file = file
    this.clock = clock
    this.#time = new LeaseTime(clock)
    // As an adapter does on connect.
    this.#time.now()
  }

  async claim<T>(key: string, options: ClaimOptions): Promise<Claim<T>> {
    const record = this.read(key)
    if (record.state === 'vacant') {
      const running = { fingerprint: options.fingerprint, until: 0 }
      this.#file.running.set(key, running)
      return new ReferenceClaim(this, key, options, running) as unknown as ClaimedKey<T>
    }
    const recorded = (record.state === 'running' ? this.#file.running : this.#file.kept).get(key)?.fingerprint
    const given = options.fingerprint
    if (recorded !== undefined && given !== undefined && recorded !== given) {
      throw Object.assign(new Error('another fingerprint'), { code: 'FINGERPRINT_MISMATCH', record })
    }
    if (record.state === 'unstored') throw record.error
    return record as Claim<T>
  }

  async get<T>(key: string): Promise<IdempotencyEntry<T> | null> {
    const kept = this.#kept(key)
    if (kept !== undefined && 'unstored' in kept.what) throw kept.what.unstored
    if (kept === undefined || !('value' in kept.what)) return null
    const value = kept.what.value as T
    return kept.expiresAt === undefined ? { value } : { value, expiresAt: kept.expiresAt }
  }

  async set<T>(key: string, value: T, ttl?: number): Promise<void> {
    this.keep(key, { value }, undefined, ttl)
  }

  async delete(key: string): Promise<void> {
    this.#file.kept.delete(key)
  }

  /** Removes everything that has expired. */
  async prune(): Promise<void> {
    const now = this.#now()
    for (const key of this.#file.kept.keys()) if (this.#kept(key) === undefined) this.#file.kept.delete(key)
    for (const [key, { until }] of this.#file.running) if (until <= now) this.#file.running.delete(key)
  }

  read(key: string): KeyRecord<unknown> | VacantKey {
    const now = this.#now()
    this.#time.observe(now)
    const kept = this.#kept(key)
    if (kept !== undefined) {
      const end = kept.expiresAt === undefined ? {} : { expiresAt: kept.expiresAt }
      if ('unstored' in kept.what) return { state: 'unstored', error: kept.what.unstored, ...end }
      return 'value' in kept.what
        ? { state: 'completed', value: kept.what.value, replay: true, ...end }
        : { state: 'failed', error: kept.what.error, replay: true, ...end }
    }
    const remaining = (this.#file.running.get(key)?.until ?? now) - now
    return remaining > 0 ? { state: 'running', until: this.clock.now() + remaining } : { state: 'vacant' }
  }

  /** Whether `running` is the current claim of the key. */
  stands(key: string, running: Running): boolean {
    return this.#file.running.get(key) === running
  }

  lasts(running: Running): boolean {
    return running.until > this.#now()
  }

  begin(running: Running, lease: number): void {
    const now = this.#now()
    this.#time.observe(now)
    this.#file.grantedAt = now
    running.until = now + lease
  }

  forget(key: string): void {
    this.#file.running.delete(key)
  }

  keep(key: string, what: Kept['what'], fingerprint: string | undefined, ttl: number | undefined): void {
    this.#file.running.delete(key)
    this.#file.kept.set(key, { what, fingerprint, expiresAt: ttl === undefined ? undefined : this.clock.now() + ttl })
  }

  /** The later of this connection's time and the file's. */
  #now(): number {
    return Math.max(this.#time.now(), this.#file.grantedAt)
  }

  #kept(key: string): Kept | undefined {
    const kept = this.#file.kept.get(key)
    return (kept?.expiresAt ?? Number.POSITIVE_INFINITY) > this.clock.now() ? kept : undefined
  }
}

/** A claim as its holder sees it. The holder also uses its monotonic clock. */
class ReferenceClaim {
  readonly state = 'claimed'
  readonly #claims: ReferenceClaims
  readonly #key: string
  readonly #options: ClaimOptions
  readonly #running: Running
  #end = 0
  #margin = 0
  #over = false
  expiresAt = 0

  constructor(claims: ReferenceClaims, key: string, options: ClaimOptions, running: Running) {
    this.#claims = claims
    this.#key = key
    this.#options = options
    this.#running = running
    this.#begin(options.lease)
  }

  async complete(value: unknown): Promise<ClaimOutcome<unknown>> {
    return this.#reportKept(value, { value })
  }

  async fail(error: unknown): Promise<ClaimOutcome<unknown>> {
    if (this.#options.onFailure === 'keep') return this.#reportKept(error, { error })
    return this.#report(() => this.#claims.forget(this.#key))
  }

  /** Ends the claim even if the value cannot be stored. Functions represent all such values. */
  #reportKept(reported: unknown, what: Kept['what']): ClaimOutcome<unknown> {
    const { fingerprint, ttl } = this.#options
    if (typeof reported !== 'function') return this.#report(() => this.#claims.keep(this.#key, what, fingerprint, ttl))
    const unstored = Object.assign(new Error('not stored'), { code: 'RESULT_NOT_STORED' })
    const outcome = this.#report(() => this.#claims.keep(this.#key, { unstored }, fingerprint, ttl))
    if (outcome.recorded) throw unstored
    return outcome
  }

  /** Renews the lease, but not in its last tenth, because by then the holder must have stopped. */
  async renew(lease: number): Promise<boolean> {
    if (this.#over || this.#claims.clock.monotonic() >= this.#end - this.#margin) return false
    this.#over = !(this.#claims.stands(this.#key, this.#running) && this.#claims.lasts(this.#running))
    if (!this.#over) this.#begin(lease)
    return !this.#over
  }

  #begin(lease: number): void {
    this.#claims.begin(this.#running, lease)
    this.#end = this.#claims.clock.monotonic() + lease
    this.#margin = Math.min(LONGEST_MARGIN_MS, lease / 10)
    this.expiresAt = this.#claims.clock.now() + lease
  }

  #report(write: () => void): ClaimOutcome<unknown> {
    const recorded = this.#claims.stands(this.#key, this.#running)
    if (recorded) write()
    this.#over = true
    return recorded ? { recorded } : { recorded, current: this.#claims.read(this.#key) }
  }
}
