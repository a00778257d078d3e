import { checkSignal } from '../../arguments/abort-signal.js'
import { invalidArgument, shown } from '../../arguments/invalid.js'
import { checkKey } from '../../arguments/limits.js'
import { type OptionNames, readOptions } from '../../arguments/options.js'
import type { LockProvider } from '../../ports/lock.js'
import type { Session } from '../../session/session.js'
import { type TimeArgument, timeToLive } from '../../time/time-to-live.js'
import { lockEvents } from '../../tracing/events.js'
import { type SqlLockHandle, StoredLockHandle } from './lock-handle.js'
import type { LockManager } from './lock-manager.js'
import { LockWaits } from './lock-wait.js'

/** How {@link SqlLockProvider.hold} takes a lock. */
export interface HoldOptions {
  /** ms; default `defaultLockTTL`. */
  ttl?: number
  /** Made up when absent. An owner that holds the lock takes it again: its holds are counted. */
  owner?: string
  /** Extends the lease every third of its ttl until it is released or lost. Default `false`. */
  renew?: boolean
  /** ms after which the lease is no longer renewed and ends. Default: none. */
  maxLife?: number
  /**
   * ms to wait for a lock that another one holds; may be Infinity. Callers that wait in one process get it in the order in
   * which they came; between processes there is no order. Default 0: it is asked for once.
   */
  wait?: number
  /** Ends the waiting: the call rejects with its reason and holds nothing. */
  signal?: AbortSignal
}

/** The lock port with what our locks add. */
export interface SqlLockProvider extends LockProvider {
  /** As the port's; `ttl` in ms falls back to `defaultLockTTL`. */
  acquire(key: string, ttl?: number, owner?: string): Promise<SqlLockHandle | null>
  /**
   * As {@link acquire}, with waiting where `wait` is set, and with renewal where `renew` is set. Renewal never rejects, throws or keeps the process alive: when
   * it fails for too long, the handle's signal aborts.
   */
  hold(key: string, options?: HoldOptions): Promise<SqlLockHandle | null>
}

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

  constructor(session: Session, manager: LockManager, defaultTtl: number) {
    this.#session = session
    this.#manager = manager
    this.#waits = new LockWaits(session, manager)
    this.#defaultTtl = defaultTtl
  }

  /** Where they are kept: the adapter's option `locks`. */
  get kind(): LockManager['kind'] {
    return this.#manager.kind
  }

  /** Locks granted in this process under this prefix, some of which may have expired. */
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
    const acquired = this.#acquireOrWait(key, duration, owner, wait, signal)
    const handle = await (lockEvents.hasSubscribers ? this.#published(acquired, key, wait > 0) : acquired)
    if (signal?.aborted) {
      if (handle !== null) await this.#giveBack(handle)
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

  /** For those who hear of locks: what the call has come to. */
  async #published(
    acquired: Promise<StoredLockHandle | null>,
    key: string,
    waits = false,
  ): Promise<StoredLockHandle | null> {
    const { clock, connection } = this.#session
    const asked = clock.monotonic()
    const handle = await acquired
    lockEvents.publish({
      database: connection.database,
      kind: this.#manager.kind,
      outcome: handle === null ? 'refused' : 'granted',
      key,
      ...(waits && { waited: clock.monotonic() - asked }),
    })
    return handle
  }

  /** Whether there can be a lock of that key and owner. */
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
        `owner must be a non-empty string, got ${shown(owner)}; leave it out to have one made up`,
      )
    }
    checkKey(owner, this.#session.maxKeyLength, operation, 'owner')
  }

  async #acquireOrWait(
    key: string,
    ttl: number,
    owner: string | undefined,
    wait: number,
    signal: AbortSignal | undefined,
  ): Promise<StoredLockHandle | null> {
    const acquire = (): Promise<StoredLockHandle | null> => this.#acquire(key, ttl, owner, 'lock.hold')
    // An owner that holds the lock takes it again before those who wait for that owner.
    if (wait === 0 || owner !== undefined) {
      const handle = await acquire()
      if (handle !== null || wait === 0) return handle
    }
    checkKey(key, this.#session.maxKeyLength, 'lock.hold')
    if (!this.#session.ready) await this.#session.connect('lock.hold')
    return this.#waits.run({ key, wait, signal, acquire })
  }

  /** For a lock whose caller has given up meanwhile: it would last until its lease is over. Never rejects. */
  async #giveBack(handle: StoredLockHandle): Promise<void> {
    try {
      await handle.release()
    } catch (error) {
      this.#session.diagnostics.backgroundError('lock.hold', error)
    }
  }

  async #acquire(
    key: string,
    ttl: number,
    owner: string | undefined,
    operation: string,
  ): Promise<StoredLockHandle | null> {
    checkKey(key, this.#session.maxKeyLength, operation)
    const duration = timeToLive(ttl, operation, LOCK_TTL) ?? Number.POSITIVE_INFINITY
    if (owner !== undefined) this.#checkOwner(owner, operation)
    if (!this.#session.ready) await this.#session.connect(operation)
    const granted = this.#manager.acquire(key, duration, owner)
    const hold = granted instanceof Promise ? await granted : granted
    return hold === undefined ? null : new StoredLockHandle(this.#manager, hold)
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
  if (typeof renew !== 'boolean')
    throw invalidArgument('lock.hold', `option renew must be true or false, got ${shown(renew)}`)
  if (typeof wait !== 'number' || !(wait >= 0))
    throw invalidArgument('lock.hold', `option wait must be a number of ms from 0, got ${shown(wait)}`)
  checkSignal(signal, 'lock.hold')
  return options
}
