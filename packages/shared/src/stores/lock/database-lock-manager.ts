import type { SinceRun } from '../../connection/connection.js'
import type { Row } from '../../driver/driver.js'
import { PersistenceError } from '../../errors/persistence-error.js'
import { type PrefixedNames, qualifiedNames } from '../../keys/key-space.js'
import { hasRow, type Step } from '../../queue/statement.js'
import type { Session } from '../../session/session.js'
import { Sweeper } from '../../session/sweeper.js'
import type { ConnectionClock } from '../../time/connection-clock.js'
import { leaseMargin } from '../../time/lease.js'
import { expiryOf, grantedAnew, type Hold, isLost, moveExpiry } from './hold.js'
import type { HoldTable } from './hold-table.js'
import { HoldTables } from './hold-tables.js'
import type { LockManager } from './lock-manager.js'
import type { LockSql } from './lock-sql.js'
import { wakeFirstWaiter } from './wait-queue.js'

/**
 * Locks in the database, for all processes that use it. Only the database decides who holds which lock; the table of this process
 * only knows when its own leases end, for their signals.
 */
export class DatabaseLockManager implements LockManager {
  readonly clock: ConnectionClock
  readonly kind = 'database'
  readonly #session: Session
  readonly #sql: LockSql
  readonly #names: PrefixedNames
  readonly #holds: HoldTable
  readonly #sweeper: Sweeper
  readonly sweepers: readonly Sweeper[]

  /** @param prefix The prefix of the keys, if it is not that of the session. */
  constructor(session: Session, sql: LockSql, prefix: string = session.prefix) {
    this.#session = session
    this.#sql = sql
    this.clock = session.clock
    this.#names = qualifiedNames(prefix)
    this.#holds = HoldTables.of(session, 'database', prefix)
    this.#sweeper = new Sweeper(session, sql.sweep, sql.table)
    this.sweepers = [this.#sweeper]
  }

  /** Returns whether its locks are in the database of `session`. */
  isInDatabaseOf(session: Session): boolean {
    const { connection } = this.#session
    const { identity } = connection.place
    return (
      session.connection === connection || (identity !== undefined && session.connection.place.identity === identity)
    )
  }

  get held(): number {
    return this.#holds.size
  }

  now(): number {
    return this.clock.lease.now()
  }

  ownerOf(hold: Hold): string {
    return hold.owner as string
  }

  async acquire(key: string, ttl: number, given: string | undefined): Promise<Hold | undefined> {
    const sinceRun = this.#session.connection.timeRun()
    const owner = given ?? this.#session.connection.owners.next()
    const { acquire, acquireUnique = acquire } = this.#sql
    const hold = await this.#session.execute(
      given === undefined ? acquireUnique : acquire,
      [this.#names.store(key), owner, wholeTtl(ttl)],
      (row) => (row === undefined ? undefined : this.#granted(key, owner, given === undefined, row, sinceRun)),
    )
    const { readMark } = this.#sql
    if (hold !== undefined) this.#sweeper.wrote(1)
    else if (readMark !== undefined) await this.#session.executeRegardless(readMark, [], (row) => this.#readMark(row))
    return hold
  }

  async isHeld(hold: Hold): Promise<boolean> {
    if (isLost(hold) || !this.#session.connection.usable) return false
    return this.#confirmed('lock.isValid', async () => {
      const held = await this.#session.execute(this.#sql.checkGrant, this.#ofGrant(hold), (row) => {
        if (row !== undefined) this.clock.lease.observe(Number(row.marked_at))
        return row !== undefined
      })
      if (!held) this.lose(hold)
      return held
    })
  }

  async extend(hold: Hold, ttl: number): Promise<boolean> {
    if (isLost(hold) || !this.#session.ready) return false
    const sinceRun = this.#session.connection.timeRun()
    return this.#confirmed('lock.extend', async () => {
      const extended = await this.#session.execute(
        this.#sql.extendGrant,
        [...this.#ofGrant(hold), wholeTtl(ttl)],
        (row) => {
          // The hold may have been lost meanwhile. Its signal has then aborted, which cannot be undone.
          if (row !== undefined && !isLost(hold)) this.#setExpiry(hold, row, sinceRun)
          return row !== undefined
        },
      )
      if (!extended) this.lose(hold)
      return extended
    })
  }

  async extendOwned(key: string, owner: string, ttl: number): Promise<boolean> {
    if (!this.#session.ready) return false
    const sinceRun = this.#session.connection.timeRun()
    return this.#confirmed('lock.extend', () =>
      this.#session.execute(this.#sql.extendOwned, [this.#names.store(key), owner, wholeTtl(ttl)], (row) => {
        const hold = this.#holds.get(key)
        if (row !== undefined && hold !== undefined && hold.token === row.token) this.#setExpiry(hold, row, sinceRun)
        return row !== undefined
      }),
    )
  }

  async release(hold: Hold): Promise<boolean> {
    if (!this.#session.connection.usable) return false
    // Whichever handle comes first. `hold.count` does not tell which holds are left: a grant that adds one may be on its way.
    const { uncounted } = hold
    const { release, releaseUnique = release } = this.#sql
    hold.uncounted = false
    try {
      const released = await this.#session.execute(uncounted ? releaseUnique : release, this.#ofGrant(hold), hasRow)
      if (released) this.#holds.release(hold)
      else this.lose(hold)
      wakeFirstWaiter(this, hold.key)
      return released
    } catch (error) {
      // It may have run, so it must be repeated.
      if (uncounted) hold.uncounted = true
      throw error
    }
  }

  async forceRelease(key: string): Promise<void> {
    // In the decoder, because the lock requested next may be granted before the promise settles.
    const drop = (): void => this.#holds.drop(key, `lock ${JSON.stringify(key)} was force-released`)
    await this.#session.execute(this.#sql.forceRelease, [this.#names.store(key)], drop)
    wakeFirstWaiter(this, key)
  }

  waitQueueOf(key: string): string {
    const database = this.#session.connection.place.identity ?? this.#holds.name
    return `${database}:${this.#names.store(key)}`
  }

  /** Returns the steps that let a transaction continue only while `hold` is valid. */
  fence(hold: Hold): Step[] {
    const { enterFence, checkGrant, fence = checkGrant } = this.#sql
    const parameters = this.#ofGrant(hold)
    return (enterFence === undefined ? [fence] : [enterFence, fence]).map(({ sql, clocked }) => {
      return { sql, parameters, clocked, expect: 1, unmet: () => leaseIsOver(hold) }
    })
  }

  /** Ends a hold that the database no longer has. */
  lose(hold: Hold): void {
    this.#holds.lose(hold, `${expiryOf(hold.key)} or was taken away`)
  }

  /** The parameters of a statement that has an effect only while the hold is valid. */
  #ofGrant(hold: Hold): [string, string, number] {
    return [this.#names.store(hold.key), this.ownerOf(hold), hold.token]
  }

  #granted(key: string, owner: string, uncounted: boolean, row: Row, sinceRun: SinceRun): Hold {
    const token = Number(row.token)
    const known = this.#holds.get(key)
    if (known?.token === token) {
      known.count++
      this.#setExpiry(known, row, sinceRun)
      return known
    }
    const hold: Hold = { key, token, owner, uncounted, expiresAt: 0, margin: 0, count: 1, lease: undefined }
    this.#setExpiry(hold, row, sinceRun)
    this.#holds.add(hold)
    // Notified last: a listener of the signal may request the lock immediately, even as its present owner.
    if (known !== undefined) this.#holds.end(known, grantedAnew(key))
    return hold
  }

  /** Sets the expiry from the row of a grant or an extension, minus the time since that statement ran. */
  #setExpiry(hold: Hold, row: Row, sinceRun: SinceRun): void {
    // The local clock is read first: if the process is delayed between the reads, it must not assume a later end than the real
    // one.
    const now = this.clock.monotonic()
    const granted = Number(row.expires_at) - Number(row.marked_at)
    const elapsed = sinceRun(row.ran_at)
    this.clock.lease.observe(Number(row.marked_at))
    this.#session.leaseTime?.granted(Number(row.marked_at))
    hold.margin = leaseMargin(granted)
    hold.lead = this.clock.lead
    moveExpiry(hold, now + granted - elapsed)
  }

  #readMark(row: Row | undefined): void {
    if (row === undefined) {
      throw new PersistenceError(
        'CORRUPT',
        'lock.acquire',
        `lock.acquire: the row of ${this.#sql.counterTable} is gone; restore the database from a backup`,
      )
    }
    this.clock.lease.observe(Number(row.marked_at))
  }

  /** Returns `false` if the answer cannot be confirmed, as {@link LockManager} requires. The diagnostics receive the error. */
  async #confirmed(operation: string, ask: () => boolean | Promise<boolean>): Promise<boolean> {
    try {
      return await ask()
    } catch (error) {
      this.#session.diagnostics.backgroundError(operation, error)
      return false
    }
  }
}

/** Creates the error of a holder that writes too late. */
export function leaseIsOver({ key }: Hold): PersistenceError {
  return new PersistenceError(
    'LOCK_LOST',
    'fenced',
    `fenced: the lease of lock ${JSON.stringify(key)} is over; nothing was written, acquire the lock again and start anew`,
  )
}

/** Rounds to whole ms for the column. The largest safe integer stands for Infinity. */
function wholeTtl(ttl: number): number {
  return Math.min(Math.ceil(ttl), Number.MAX_SAFE_INTEGER)
}
