import { PersistenceError } from '../errors/persistence-error.js'
import type { Sweeper } from '../session/sweeper.js'
import { expiryOf, type Hold, isLost, moveExpiry } from '../stores/lock/hold.js'
import type { HoldTable } from '../stores/lock/hold-table.js'
import { HoldTables } from '../stores/lock/hold-tables.js'
import { anybodyWaits, wakeLine } from '../stores/lock/lock-line.js'
import type { LockManager, LockSession } from '../stores/lock/lock-manager.js'
import type { Clock } from '../time/clock.js'
import { type Item, say, unitsOf } from './protocol.js'
import type { RemoteOwner } from './remote-owner.js'
import { type Answer, Granted, Question } from './requests.js'

/**
 * Locks in the memory of the owner of the database, among all that use it. The owner alone decides; the table here only
 * knows what was granted to this user, for the signals. A lease counts from before it was asked for, so that it never ends
 * later here than there.
 */
export class RemoteLockManager implements LockManager {
  readonly clock: Clock
  readonly kind = 'process'
  readonly sweepers: readonly Sweeper[] = []
  readonly #owner: RemoteOwner
  readonly #session: LockSession
  readonly #prefix: string
  readonly #holds: HoldTable

  constructor(session: LockSession, owner: RemoteOwner) {
    this.clock = session.clock
    this.#owner = owner
    this.#session = session
    this.#prefix = session.prefix
    this.#holds = HoldTables.of(session, 'process')
    owner.followLocks(session.prefix, this.#holds)
  }

  get held(): number {
    return this.#holds.size
  }

  now(): number {
    return this.clock.now()
  }

  ownerOf(hold: Hold): string {
    return hold.owner ?? `${this.#owner.lockOwnerPrefix}-${hold.token}`
  }

  async acquire(key: string, ttl: number, owner: string | undefined): Promise<Hold | undefined> {
    const asked = this.clock.monotonic()
    return this.#ask('lock.acquire', true, [say.acquire, this.#prefix, key, ttl, owner ?? null], (answer) =>
      answer instanceof Granted ? this.#granted(key, owner, answer, asked) : undefined,
    )
  }

  async isHeld(hold: Hold): Promise<boolean> {
    return !isLost(hold) && this.#confirmed('lock.isValid', hold, [say.isHeld, hold.token])
  }

  async extend(hold: Hold, ttl: number): Promise<boolean> {
    if (isLost(hold)) return false
    const asked = this.clock.monotonic()
    return this.#confirmed('lock.extend', hold, [say.extend, hold.token, ttl], () => moveExpiry(hold, asked + ttl))
  }

  async extendOwned(key: string, owner: string, ttl: number): Promise<boolean> {
    if (!this.#session.ready) return false
    const asked = this.clock.monotonic()
    const known = this.#holds.get(key)
    const hold = known !== undefined && this.ownerOf(known) === owner ? known : undefined
    const words = [say.extendOwned, this.#prefix, key, owner, ttl]
    return this.#confirmed('lock.extend', hold, words, () => {
      if (hold !== undefined) moveExpiry(hold, asked + ttl)
    })
  }

  /** A lock of an owner that has gone has gone with it. */
  async release(hold: Hold): Promise<boolean> {
    if (isLost(hold)) return false
    const released = await this.#confirmed('lock.release', hold, [say.release, hold.token], () =>
      this.#holds.release(hold),
    )
    if (anybodyWaits()) wakeLine(this.lineOf(hold.key))
    return released
  }

  lineOf(key: string): string {
    return `${this.#holds.name}:${key}`
  }

  async forceRelease(key: string): Promise<void> {
    await this.#ask('lock.forceRelease', true, [say.forceRelease, this.#prefix, key], () =>
      this.#holds.drop(key, `lock ${JSON.stringify(key)} was force-released`),
    )
    if (anybodyWaits()) wakeLine(this.lineOf(key))
  }

  #granted(key: string, owner: string | undefined, { token, left }: Granted, asked: number): Hold {
    const known = this.#holds.get(key)
    if (known?.token === token) {
      known.count++
      if (asked + left > known.expiresAt) moveExpiry(known, asked + left)
      return known
    }
    this.#holds.drop(key, `${expiryOf(key)} and another owner took it`)
    const hold: Hold = { key, token, owner, expiresAt: asked + left, count: 1, lease: undefined }
    this.#holds.add(hold)
    return hold
  }

  /** Never rejects: what cannot be confirmed is `false`, and where the owner says so, `hold` is lost. */
  async #confirmed(name: string, hold: Hold | undefined, words: Item[], confirmed?: () => void): Promise<boolean> {
    try {
      return await this.#ask(name, true, words, (answer) => {
        if (answer === 1) confirmed?.()
        else if (hold !== undefined && !isLost(hold)) this.#holds.lose(hold, `${expiryOf(hold.key)} or was taken away`)
        return answer === 1
      })
    } catch (error) {
      if (error instanceof PersistenceError) return false
      throw error
    }
  }

  #ask<Result>(name: string, writes: boolean, words: Item[], read: (answer: Answer) => Result): Promise<Result> {
    return new Promise((resolve, reject) => {
      const write = (out: Item[]): void => {
        out.push(...words)
      }
      // At once, where the answer is read: what the owner says next may be about the lock.
      const settle = (answer: Answer): void => resolve(read(answer))
      this.#owner.link.ask(new Question(name, writes, unitsOf(words), write, settle, reject))
    })
  }
}
