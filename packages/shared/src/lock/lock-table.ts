import type { Clock } from '../time/clock.js'
import { type Hold, loseHold } from './hold.js'

// Two per grant: an iterator that visits more entries than grants add reaches the end, so that expired locks are found
// within a bounded number of grants and no grant pays for all of them.
const VISITS_PER_GRANT = 2
const WORTH_VISITING = 16

let grants = 0

/**
 * The locks of one handle and prefix, in memory. Every operation is O(1) however many are held. A lease is judged by the
 * monotonic clock: a jump of the wall clock neither ends nor revives one.
 */
export class LockTable {
  readonly clock: Clock
  readonly #identity: string
  readonly #holds = new Map<string, Hold>()
  #visitor: MapIterator<[string, Hold]> | undefined

  /** @param identity Begins the owners this table makes up. */
  constructor(clock: Clock, identity: string) {
    this.clock = clock
    this.#identity = identity
  }

  /** Locks in the table, some of which may have expired. */
  get size(): number {
    return this.#holds.size
  }

  /** Grants the lock, adds a hold for its own holder, or answers `undefined` while another holds it. */
  acquire(key: string, ttl: number, owner: string | undefined): Hold | undefined {
    const now = this.clock.monotonic()
    const held = this.#holds.get(key)
    if (held !== undefined) {
      if (held.expiresAt > now) {
        if (owner === undefined || this.ownerOf(held) !== owner) return undefined
        held.count++
        held.expiresAt = Math.max(held.expiresAt, now + ttl)
        return held
      }
      this.#holds.delete(key)
      loseHold(held, `the lease of lock ${JSON.stringify(key)} expired and another owner took it`)
    }
    const hold: Hold = { token: ++grants, owner, expiresAt: now + ttl, count: 1, lease: undefined }
    this.#holds.set(key, hold)
    if (this.#holds.size > WORTH_VISITING) this.#dropExpired(now)
    return hold
  }

  /** The owner's name; made up from the token where none was given, so that a hold need not store it. */
  ownerOf(hold: Hold): string {
    return hold.owner ?? `${this.#identity}-${hold.token}`
  }

  /** The hold of `key` if it has not expired. */
  find(key: string): Hold | undefined {
    const hold = this.#holds.get(key)
    return hold !== undefined && hold.expiresAt > this.clock.monotonic() ? hold : undefined
  }

  /** Whether `hold` is still the one that holds `key`. */
  holds(key: string, hold: Hold): boolean {
    return this.find(key) === hold
  }

  /** Moves the expiry of a live hold to now + `ttl`. */
  extend(hold: Hold, ttl: number): void {
    hold.expiresAt = this.clock.monotonic() + ttl
  }

  /** Gives one hold back; the last one frees the lock. */
  release(key: string, hold: Hold): void {
    if (--hold.count > 0) return
    this.#holds.delete(key)
    hold.lease?.settle()
  }

  /** Drops whoever holds `key`. */
  drop(key: string, reason: string): void {
    const hold = this.#holds.get(key)
    if (hold === undefined) return
    this.#holds.delete(key)
    loseHold(hold, reason)
  }

  dropAll(reason: string): void {
    for (const key of [...this.#holds.keys()]) this.drop(key, reason)
  }

  #dropExpired(now: number): void {
    for (let visits = 0; visits < VISITS_PER_GRANT; visits++) {
      this.#visitor ??= this.#holds.entries()
      const next = this.#visitor.next()
      if (next.done === true) {
        this.#visitor = undefined
        return
      }
      const [key, hold] = next.value
      if (hold.expiresAt > now) continue
      this.#holds.delete(key)
      loseHold(hold, `the lease of lock ${JSON.stringify(key)} expired`)
    }
  }
}
