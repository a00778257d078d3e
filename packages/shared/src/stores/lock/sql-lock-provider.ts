import { checkSignal } from '../../arguments/abort-signal.js'
import { flagValue, invalidArgument, shown, waitingTime } from '../../arguments/invalid.js'
import { checkKey } from '../../arguments/limits.js'
import { type Complete, type OptionNames, readOptions } from '../../arguments/options.js'
import { failureOf } from '../../errors/failure-of.js'
import { PersistenceError } from '../../errors/persistence-error.js'
import type { LockProvider } from '../../ports/lock.js'
import type { Session } from '../../session/session.js'
import { type TimeArgument, timeToLive } from '../../time/time-to-live.js'
import { lockEvents } from '../../tracing/events.js'
import type { Hold } from './hold.js'
import { type SqlLockHandle, StoredLockHandle } from './lock-handle.js'
import type { LockKind, LockManager } from './lock-manager.js'
import { LockWaits } from './lock-wait.js'

/** How {@link SqlLockProvider.hold} acquires a lock. */
export interface HoldOptions {
  /** Time to live in ms. Default: the option `defaultLockTTL`; `Infinity` for no expiry. */
  ttl?: number | undefined
  /** Default: a generated unique owner. The owner of a lock may acquire it again: its holds are counted. */
  owner?: string | undefined
  /** Whether the lease is extended every third of `ttl` until the lock is released or lost. Default `false`. */
  renew?: boolean | undefined
  /** ms after which the lease is no longer renewed. Default: no limit. */
  maxLife?: number | undefined
  /**
   * ms to wait while another owner holds the lock; may be Infinity. Callers in one process get the lock in the order of their
   * calls; there is no order between processes. Default 0: one attempt. Each attempt waits for another writer of the file for up to
   * `busyTimeout` and then rejects with `BUSY`, regardless of this time.
   */
  wait?: number | undefined
  /** Ends the wait: the call rejects with the reason of the signal and holds no lock. */
  signal?: AbortSignal | undefined
}

/** The lock port with the additions of this package. */
export interface SqlLockProvider extends LockProvider {
  /**
   * Tries once and never waits.
   *
   * @param ttl Time to live in ms. Default: the option `defaultLockTTL`.
   * @param owner Default: a generated unique owner. The same owner may acquire again: its holds are counted, and the lock is free
   *   when the last hold is released.
   * @returns `null` while another owner holds the lock.
   * @throws (as a rejection) PersistenceError `INVALID_KEY`, `INVALID_TTL`, `INVALID_ARGUMENT`. For a lock in a database also the
   *   errors of any call: `BUSY`, and on a server `UNAVAILABLE` and `OUTCOME_UNKNOWN`.
   */
  acquire(key: string, ttl?: number, owner?: string): Promise<SqlLockHandle | null>
  /**
   * Acquires a lock. Waits for it if `wait` is set, and renews its lease if `renew` is set. Renewal does not keep the process
   * alive. If renewal fails until the lease is over, the signal of the handle aborts.
   *
   * @returns `null` when another owner still holds the lock at the end of `wait`.
   * @throws (as a rejection) the errors of {@link acquire}; the reason of the signal when it aborts.
   *
   * @example
   * ```ts
   * await using lock = await persistence.lock.hold('nightly-report', { ttl: 30_000, renew: true, wait: 5_000 })
   * if (lock === null) console.log('another process holds it')
   * ```
   */
  hold(key: string, options?: HoldOptions): Promise<SqlLockHandle | null>
}

/** The options of a call of `hold` that decide how it acquires the lock. */
type ResolvedHold = Complete<Omit<HoldOptions, 'renew' | 'maxLife'>, 'owner' | 'signal'>

const LOCK_TTL: TimeArgument = {
  name: 'ttl',
  advice: '; leave it out for defaultLockTTL, or pass Infinity for no expiry',
}
const MAX_LIFE: TimeArgument = { name: 'maxLife', advice: '; leave it out for none' }

/** The lock port over a lock manager. */
export class StoredLockProvider implements SqlLockProvider {
  readonly #session: Session
  readonly #manager: LockManager
  readonly #waits: LockWaits
  readonly #defaultTtl: number
  readonly #handleOf = (hold: Hold | undefined): StoredLockHandle | null =>
    hold === undefined ? null : new StoredLockHandle(this.#manager, hold)

  constructor(session: Session, manager: LockManager, defaultTtl: number) {
    this.#session = session
    this.#manager = manager
    this.#waits = new LockWaits(session, manager)
    this.#defaultTtl = defaultTtl
  }

  /** The option `locks` of the adapter. */
  get kind(): LockKind {
    return this.#manager.kind
  }

  /** Locks granted in this process under this prefix. Some may have expired. */
  get held(): number {
    return this.#manager.held
  }

  acquire(key: string, ttl: number = this.#defaultTtl, owner?: string): Promise<SqlLockHandle | null> {
    const acquired = this.#acquire(key, ttl, owner, 'lock.acquire')
    return lockEvents.hasSubscribers ? this.#published(acquired, key) : acquired
  }

  async hold(key: string, options: HoldOptions = {}): Promise<SqlLockHandle | null> {
    const { ttl = this.#defaultTtl, owner, renew, maxLife, wait = 0, signal } = checkHoldOptions(options)
    const longest = timeToLive(maxLife, 'lock.hold', MAX_LIFE) ?? Number.POSITIVE_INFINITY
    const duration = Math.min(timeToLive(ttl, 'lock.hold', LOCK_TTL) ?? Number.POSITIVE_INFINITY, longest)
    signal?.throwIfAborted()
    const acquired = this.#acquireOrWait(key, { ttl: duration, owner, wait, signal })
    const handle = await (lockEvents.hasSubscribers ? this.#published(acquired, key, wait) : acquired)
    if (signal?.aborted) {
      if (handle !== null) await this.#abandon(handle)
      throw signal.reason
    }
    if (handle !== null && renew === true && duration < Number.POSITIVE_INFINITY) handle.renew(duration, longest)
    return handle
  }

  async extend(key: string, ttl: number, owner: string): Promise<boolean> {
    // Never rejects; see StoredLockHandle.extend.
    if (typeof ttl !== 'number' || !(ttl > 0) || !this.#canName(key, owner)) return false
    return this.#manager.extendOwned(key, owner, ttl)
  }

  async forceRelease(key: string): Promise<void> {
    checkKey(key, this.#session.maxKeyLength, 'lock.forceRelease')
    if (!this.#session.ready) await this.#session.connect('lock.forceRelease')
    return this.#manager.forceRelease(key)
  }

  /** Publishes the outcome of a call to the subscribers of lock events. @param wait ms that the call may wait. */
  async #published(
    acquired: Promise<StoredLockHandle | null>,
    key: string,
    wait = 0,
  ): Promise<StoredLockHandle | null> {
    const { clock, connection } = this.#session
    const calledAt = clock.monotonic()
    const handle = await acquired
    lockEvents.publish({
      database: connection.database,
      kind: this.#manager.kind,
      outcome: handle === null ? 'refused' : 'granted',
      key,
      ...(wait > 0 && { waited: clock.monotonic() - calledAt }),
    })
    return handle
  }

  /** Returns whether a lock of that key and owner can exist. */
  #canName(key: string, owner: string): boolean {
    try {
      checkKey(key, this.#session.maxKeyLength, 'lock.extend')
      this.#checkOwner(owner, 'lock.extend')
      return true
    } catch {
      return false
    }
  }

  #checkOwner(owner: string, operation: string): void {
    if (typeof owner !== 'string' || owner === '') {
      throw invalidArgument(
        operation,
        `owner must be a non-empty string, got ${shown(owner)}; leave it out to have one generated`,
      )
    }
    checkKey(owner, this.#session.maxKeyLength, operation, 'owner')
  }

  async #acquireOrWait(key: string, { ttl, owner, wait, signal }: ResolvedHold): Promise<StoredLockHandle | null> {
    const acquire = (): Promise<StoredLockHandle | null> => this.#acquire(key, ttl, owner, 'lock.hold')
    // Do not queue: the owner of a lock acquires it again at once, and callers in the queue may be waiting for this owner.
    if (wait === 0 || owner !== undefined) {
      const handle = await acquire()
      if (handle !== null || wait === 0) return handle
    }
    checkKey(key, this.#session.maxKeyLength, 'lock.hold')
    if (!this.#session.ready) await this.#session.connect('lock.hold')
    return this.#waits.run({ key, wait, signal, acquire })
  }

  /** Releases a lock whose caller has given up; otherwise it would last until the end of its lease. Never rejects. */
  async #abandon(handle: StoredLockHandle): Promise<void> {
    try {
      await handle.release()
    } catch (error) {
      this.#session.diagnostics.backgroundError('lock.hold', error)
    }
  }

  // Not async, like `release`: with their frames, a lock in memory takes half as long again on Bun.
  #acquire(key: string, ttl: number, owner: string | undefined, operation: string): Promise<StoredLockHandle | null> {
    try {
      checkKey(key, this.#session.maxKeyLength, operation)
      const duration = timeToLive(ttl, operation, LOCK_TTL) ?? Number.POSITIVE_INFINITY
      if (owner !== undefined) this.#checkOwner(owner, operation)
      if (!this.#session.ready) {
        return this.#session.connect(operation).then(() => this.#acquire(key, ttl, owner, operation))
      }
      const granted = this.#manager.acquire(key, duration, owner)
      if (!(granted instanceof Promise)) return Promise.resolve(this.#handleOf(granted))
      return granted.then(this.#handleOf, (error: unknown) => {
        throw error instanceof PersistenceError ? failureOf(error, operation) : error
      })
    } catch (error) {
      return Promise.reject(error)
    }
  }
}

const HOLD_OPTIONS: OptionNames<HoldOptions> = {
  ttl: true,
  owner: true,
  renew: true,
  maxLife: true,
  wait: true,
  signal: true,
}

function checkHoldOptions(given: HoldOptions): HoldOptions {
  const options = readOptions(given, HOLD_OPTIONS, 'lock.hold')
  const { renew = false, wait = 0, signal } = options
  flagValue(renew, 'lock.hold', 'renew')
  waitingTime(wait, 'lock.hold', 'wait')
  checkSignal(signal, 'lock.hold')
  return options
}
