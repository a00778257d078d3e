import { type ChangeNotifications, POLL_WITH_NOTIFICATIONS_MS } from '../../connection/change-notifications.js'
import { FingerprintMismatchError } from '../../errors/fingerprint-mismatch-error.js'
import type { Claim } from '../../ports/claims.js'
import type { Session } from '../../session/session.js'
import { type ClaimEvent, claimEvents } from '../../tracing/events.js'
import type { ClaimRequest } from './claim-options.js'
import type { ClaimGrant, ClaimRows } from './claim-rows.js'
import { HeldClaim } from './held-claim.js'
import { KeyWaiters } from './key-waiters.js'

const SHORTEST_POLL_MS = 10
const LONGEST_POLL_MS = 200

/** Grants claims, and lets callers wait for claims of other callers. */
export class Claims {
  readonly #session: Session
  readonly #rows: ClaimRows
  readonly #waiters: KeyWaiters

  constructor(session: Session, rows: ClaimRows) {
    this.#session = session
    this.#rows = rows
    this.#waiters = session.connection.shared(KeyWaiters)
  }

  async claim<T>(request: ClaimRequest): Promise<Claim<T>> {
    request.signal?.throwIfAborted()
    if (!this.#session.ready) await this.#session.connect(request.operation)
    const stored = this.#session.names.idempotency.store(request.key)
    const call = request.wait > 0 ? this.#wait<T>(stored, request) : this.#readOrClaim<T>(stored, request)
    return claimEvents.hasSubscribers ? this.#published(call, request.key) : call
  }

  /** Publishes the outcome of a call to the subscribers of claim events. */
  async #published<T>(call: Promise<Claim<T>>, key: string): Promise<Claim<T>> {
    try {
      const claim = await call
      this.#publish(key, claim.state === 'claimed' || claim.state === 'running' ? claim.state : 'replayed')
      return claim
    } catch (error) {
      if (error instanceof FingerprintMismatchError) this.#publish(key, 'mismatch')
      throw error
    }
  }

  #publish(key: string, outcome: ClaimEvent['outcome']): void {
    if (claimEvents.hasSubscribers) claimEvents.publish({ database: this.#session.connection.database, key, outcome })
  }

  async #wait<T>(stored: string, request: ClaimRequest): Promise<Claim<T>> {
    const { clock, connection } = this.#session
    const { notifications } = connection.place
    const deadline = clock.monotonic() + request.wait
    // Before the first read, so that no change between a read and the wait is missed.
    const waiter = this.#waiters.enter(stored)
    let unsubscribe: (() => void) | undefined
    try {
      for (let poll = SHORTEST_POLL_MS; ; poll = Math.min(LONGEST_POLL_MS, poll * 2)) {
        const claim = await this.#readOrClaim<T>(stored, request)
        const remaining = deadline - clock.monotonic()
        if (claim.state !== 'running' || remaining <= 0) return claim
        // After the first read, because a key with a result needs no subscription.
        unsubscribe ??= notifications?.subscribe('claim', stored, () => this.#waiters.wake(stored))
        if (notifications !== undefined && !(await this.#awaitNotifications(notifications, stored))) continue
        // With jitter, so that callers of several processes do not poll in step.
        const pause = (notifications?.active ? POLL_WITH_NOTIFICATIONS_MS : poll) * (0.5 + connection.random() / 2)
        await waiter.next(clock, Math.min(pause, claim.until - clock.now(), remaining), request.signal)
      }
    } finally {
      unsubscribe?.()
      waiter.leave()
    }
  }

  /**
   * Requests a notification of the end of the claim. @returns `false` when the claim has ended between the read and the request.
   */
  async #awaitNotifications(notifications: ChangeNotifications, stored: string): Promise<boolean> {
    await notifications.settled()
    return !notifications.active || this.#rows.awaitEnd(stored)
  }

  /** Reads first: a replay is the usual case and costs no write. */
  async #readOrClaim<T>(stored: string, request: ClaimRequest): Promise<Claim<T>> {
    for (;;) {
      const { record, fingerprint } = await this.#rows.read(stored)
      if (record.state !== 'vacant') {
        if (request.fingerprint !== undefined && fingerprint !== undefined && fingerprint !== request.fingerprint) {
          throw new FingerprintMismatchError(request.key, fingerprint, record, request.operation)
        }
        if (record.state === 'unstored') throw record.error
        return record as Claim<T>
      }
      const claim = await this.#grant<T>(stored, request)
      if (claim !== undefined) return claim
    }
  }

  /** Ends a claim whose caller has given up; otherwise it would last until the end of its lease. Never rejects. */
  async #abandon(grant: ClaimGrant, operation: string): Promise<void> {
    try {
      await this.#rows.forget(grant)
    } catch (error) {
      this.#session.diagnostics.backgroundError(operation, error)
    }
  }

  async #grant<T>(stored: string, request: ClaimRequest): Promise<HeldClaim<T> | undefined> {
    const { clock, connection, diagnostics } = this.#session
    const { ttl, fingerprint, lease, signal, operation } = request
    const owner = connection.owners.next()
    const end = await this.#rows.grant(stored, owner, fingerprint, lease)
    if (end === undefined) return undefined
    const grant = { key: request.key, stored, owner, generation: end.generation, fingerprint, ttl }
    const wake = (): void => this.#waiters.wake(stored)
    if (signal?.aborted) {
      await this.#abandon(grant, operation)
      wake()
      throw signal.reason
    }
    const lost = (): void => this.#publish(request.key, 'lost')
    return new HeldClaim<T>(grant, end, { rows: this.#rows, clock, diagnostics, request, wake, lost })
  }
}
