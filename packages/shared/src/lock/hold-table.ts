import type { Clock } from '../time/clock.js'
import { type Hold, loseHold } from './hold.js'

// Two per grant: an iterator that visits more entries than grants add reaches the end, so that expired holds are found
// within a bounded number of grants and no grant pays for all of them.
const VISITS_PER_GRANT = 2
const WORTH_VISITING = 16

/** The holds that were granted in this process on one handle and prefix, by key. Every operation is O(1). */
export class HoldTable {
  readonly clock: Clock
  readonly #holds = new Map<string, Hold>()
  #visitor: MapIterator<[string, Hold]> | undefined

  constructor(clock: Clock) {
    this.clock = clock
  }

  /** Holds in the table, some of which may have expired. */
  get size(): number {
    return this.#holds.size
  }

  /** The hold of `key`, expired or not. */
  get(key: string): Hold | undefined {
    return this.#holds.get(key)
  }

  /** The hold of `key` if it has not expired. */
  find(key: string): Hold | undefined {
    const hold = this.#holds.get(key)
    return hold !== undefined && hold.expiresAt > this.clock.monotonic() ? hold : undefined
  }

  /** Adds a grant, and drops some that have expired. */
  add(key: string, hold: Hold): void {
    this.#holds.set(key, hold)
    if (this.#holds.size > WORTH_VISITING) this.#dropExpired(this.clock.monotonic())
  }

  /** Gives one of a hold's handles back; the last one removes it. */
  release(key: string, hold: Hold): void {
    if (--hold.count > 0) return
    if (this.#holds.get(key) === hold) this.#holds.delete(key)
    hold.lease?.settle()
  }

  /** Ends `hold` because it was lost. */
  lose(key: string, hold: Hold, reason: string): void {
    if (this.#holds.get(key) === hold) this.#holds.delete(key)
    loseHold(hold, reason)
  }

  /** Ends whatever hold of `key` there is. */
  drop(key: string, reason: string): void {
    const hold = this.#holds.get(key)
    if (hold !== undefined) this.lose(key, hold, reason)
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
      if (hold.expiresAt <= now) this.lose(key, hold, `the lease of lock ${JSON.stringify(key)} expired`)
    }
  }
}
