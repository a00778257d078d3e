import type { Session } from '../adapter/session.js'
import { checkKey } from '../arguments/limits.js'
import { PersistenceError } from '../errors/persistence-error.js'
import type { LockProvider } from '../ports/lock.js'
import { timeToLive } from '../time/time-to-live.js'
import { MemoryLockHandle, type SqlLockHandle } from './memory-lock-handle.js'

/** The lock port with what our handles add. */
export interface SqlLockProvider extends LockProvider {
  /** As the port's; `ttl` in ms falls back to `defaultLockTTL`. */
  acquire(key: string, ttl?: number, owner?: string): Promise<SqlLockHandle | null>
}

/**
 * Locks in memory: they protect this process, among all adapters on one handle and prefix, and nothing beyond it.
 */
export class MemoryLockProvider implements SqlLockProvider {
  readonly #session: Session
  readonly #defaultTtl: number

  constructor(session: Session, defaultTtl: number) {
    this.#session = session
    this.#defaultTtl = defaultTtl
  }

  async acquire(key: string, ttl: number = this.#defaultTtl, owner?: string): Promise<SqlLockHandle | null> {
    checkKey(key, this.#session.maxKeyLength, 'lock.acquire')
    const lease = timeToLive(ttl, 'lock.acquire') ?? Number.POSITIVE_INFINITY
    if (owner !== undefined) checkOwner(owner)
    if (!this.#session.ready) await this.#session.connect()
    const table = this.#session.locks
    const hold = table.acquire(key, lease, owner)
    return hold === undefined ? null : new MemoryLockHandle(table, hold, key)
  }

  async extend(key: string, ttl: number, owner: string): Promise<boolean> {
    // Never rejects; see MemoryLockHandle.extend.
    const hold = this.#session.ready ? this.#session.locks.find(key) : undefined
    if (hold === undefined || this.#session.locks.ownerOf(hold) !== owner || !(ttl > 0)) return false
    this.#session.locks.extend(hold, ttl)
    return true
  }

  async forceRelease(key: string): Promise<void> {
    checkKey(key, this.#session.maxKeyLength, 'lock.forceRelease')
    if (!this.#session.ready) await this.#session.connect()
    this.#session.locks.drop(key, `lock ${JSON.stringify(key)} was force-released`)
  }
}

function checkOwner(owner: string): void {
  if (typeof owner === 'string' && owner.length > 0) return
  throw new PersistenceError(
    'INVALID_ARGUMENT',
    'lock.acquire',
    `lock.acquire: owner must be a non-empty string, got ${JSON.stringify(owner) ?? typeof owner}; leave it out to have one made up`,
  )
}
