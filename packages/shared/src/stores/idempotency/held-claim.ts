import type { Diagnostics } from '../../errors/diagnostics.js'
import { PersistenceError } from '../../errors/persistence-error.js'
import type { ClaimedKey, ClaimOutcome, KeyRecord, VacantKey } from '../../ports/claims.js'
import type { ConnectionClock } from '../../time/connection-clock.js'
import { Lease, type LeaseTerm, leaseMargin } from '../../time/lease.js'
import { Renewal } from '../../time/renewal.js'
import { type ClaimRequest, leaseTime } from './claim-options.js'
import type { ClaimGrant, ClaimRows, Ending, LeaseEnd } from './claim-rows.js'

/** The environment of a claim. */
export interface ClaimContext {
  readonly rows: ClaimRows
  readonly clock: ConnectionClock
  readonly diagnostics: Diagnostics
  readonly request: Pick<ClaimRequest, 'lease' | 'onFailure' | 'renew' | 'operation'>
  /** Notifies the callers that wait for the key. */
  readonly wake: () => void
  /** Called once when the claim is found to be lost, as its signal aborts. */
  readonly lost: () => void
}

/** A claim while its work runs. */
export class HeldClaim<T> implements ClaimedKey<T> {
  readonly state = 'claimed' as const
  readonly #grant: ClaimGrant
  readonly #context: ClaimContext
  readonly #lease: Lease
  readonly #renewal: Renewal | undefined
  #expiresAt: number
  /** The latest report, until its outcome is known. */
  #ending: Promise<Ending | undefined> | undefined

  constructor(grant: ClaimGrant, end: LeaseEnd, context: ClaimContext) {
    this.#grant = grant
    this.#context = context
    this.#expiresAt = end.expiresAt
    const { clock, rows, request } = context
    const { lease, operation } = request
    const key = JSON.stringify(grant.key)
    const lost = (reason = 'its lease is over by the local clock'): PersistenceError => {
      context.lost()
      return new PersistenceError('CLAIM_LOST', operation, `${operation}: lost ${key}: ${reason}`)
    }
    this.#lease = new Lease(clock, this.#term(end, lease), lost)
    if (request.renew) {
      const extend = async (duration: number): Promise<boolean> => !rows.ended && this.renew(duration)
      this.#renewal = new Renewal(clock, this.#lease, lease, Number.POSITIVE_INFINITY, extend)
    }
  }

  get owner(): string {
    return this.#grant.owner
  }

  get generation(): number {
    return this.#grant.generation
  }

  get expiresAt(): number {
    return this.#expiresAt
  }

  get signal(): AbortSignal {
    return this.#lease.signal
  }

  complete(value: T): Promise<ClaimOutcome<T>> {
    return this.#report((grant) => this.#context.rows.complete(grant, value))
  }

  fail(error: unknown): Promise<ClaimOutcome<T>> {
    const { rows, request } = this.#context
    return this.#report((grant) => (request.onFailure === 'keep' ? rows.keep(grant, error) : rows.forget(grant)))
  }

  async renew(lease: number = this.#context.request.lease): Promise<boolean> {
    // Renewal mostly runs from timers, where no caller could catch a rejection.
    try {
      const duration = leaseTime(lease, 'idempotency.renew')
      if (!this.#lease.safe) return false
      const end = await this.#context.rows.renew(this.#grant, duration)
      if (end !== undefined) {
        this.#extend(end, duration)
        return true
      }
      // A report of its own holder may have just ended the claim: that is not a loss. If the report rejects, its caller receives
      // the error.
      await this.#ending?.catch(() => undefined)
      this.#lose('its lease was over in the file, or the key was settled by another')
      return false
    } catch (error) {
      this.#context.diagnostics.backgroundError('idempotency.renew', error)
      return false
    }
  }

  #lose(reason: string): void {
    this.#renewal?.stop()
    this.#lease.lose(reason)
  }

  #extend(end: LeaseEnd, duration: number): void {
    this.#expiresAt = end.expiresAt
    this.#lease.moveTo(this.#term(end, duration))
  }

  #term({ localEnd }: LeaseEnd, duration: number): LeaseTerm {
    return { end: localEnd, margin: leaseMargin(duration), lead: this.#context.clock.lead }
  }

  async #report(write: (grant: ClaimGrant) => Promise<Ending>): Promise<ClaimOutcome<T>> {
    // Not resumed if the report fails: a claimant that does not repeat it would keep the key for as long as its process lives.
    this.#renewal?.stop()
    this.#ending = this.#end(write)
    const ending = await this.#ending
    if (ending?.unstored !== undefined) throw ending.unstored
    if (ending !== undefined) return { recorded: true }
    this.#lose('it was over when it was reported')
    const { record } = await this.#context.rows.read(this.#grant.stored)
    return { recorded: false, current: record as KeyRecord<T> | VacantKey }
  }

  /** @returns `undefined` when the claim was already over. */
  async #end(write: (grant: ClaimGrant) => Promise<Ending>): Promise<Ending | undefined> {
    const ending = await write(this.#grant)
    if (!ending.recorded) return undefined
    this.#lease.settle()
    this.#context.wake()
    return ending
  }
}
