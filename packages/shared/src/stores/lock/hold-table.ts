import type { Clock } from '../../time/clock.js'
import { type Hold, loseHold } from './hold.js'

// Two per new key: an iterator that visits more entries than are added reaches the end, so that expired holds are found
// within a bounded number of grants, no grant pays for all of them, and a grant of a known key pays nothing.
const VISITS_PER_KEY = 2
const WORTH_VISITING = 16

/**
 * The holds that were granted in this process on one handle and prefix, by key. Every operation is O(1).
 *
 * A key that is given back stays in the map without a hold until a visit removes it. Deleting it at once would leave a
 * dead entry in its bucket until the map rehashes, which a large map seldom does: with 1,000,000 locks held, acquiring
 * and releasing a few names walked ever longer chains and fell to a twenty-fifth of its rate.
 */
export class HoldTable {
  readonly clock: Clock
  readonly #holds = new Map<string, Hold | undefined>()
  #visitor: MapIterator<[string, Hold | undefined]> | undefined
  #held = 0
  /** Called when nothing is held any more. */
  onEmpty: (() => void) | undefined

  constructor(clock: Clock) {
    this.clock = clock
  }

  /** Holds in the table, some of which may have expired. */
  get size(): number {
    return this.#held
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

  /** Adds a grant in the place of whatever hold the key had. */
  add(key: string, hold: Hold): void {
    if (this.#holds.get(key) === undefined) this.#held++
    const { size } = this.#holds
    this.#holds.set(key, hold)
    if (this.#holds.size > Math.max(size, WORTH_VISITING)) this.visit()
  }

  /** Gives one of a hold's handles back; the last one frees the key. */
  release(key: string, hold: Hold): void {
    if (--hold.count > 0) return
    this.#free(key, hold)
    hold.lease?.settle()
  }

  /** Ends `hold` because it was lost. */
  lose(key: string, hold: Hold, reason: string): void {
    this.#free(key, hold)
    loseHold(hold, reason)
  }

  /** Ends whatever hold of `key` there is. */
  drop(key: string, reason: string): void {
    const hold = this.#holds.get(key)
    if (hold !== undefined) this.lose(key, hold, reason)
  }

  dropAll(reason: string): void {
    for (const key of this.#holds.keys()) this.drop(key, reason)
    this.#holds.clear()
    this.#visitor = undefined
  }

  /** Looks at the next few holds, ends what has expired and removes keys that nobody holds. */
  visit(): void {
    const now = this.clock.monotonic()
    for (let visits = 0; visits < VISITS_PER_KEY; visits++) {
      this.#visitor ??= this.#holds.entries()
      const next = this.#visitor.next()
      if (next.done === true) {
        this.#visitor = undefined
        return
      }
      const [key, hold] = next.value
      if (hold !== undefined && hold.expiresAt <= now) {
        this.lose(key, hold, `the lease of lock ${JSON.stringify(key)} expired`)
      }
      if (this.#holds.get(key) === undefined) this.#holds.delete(key)
    }
  }

  #free(key: string, hold: Hold): void {
    if (this.#holds.get(key) !== hold) return
    this.#holds.set(key, undefined)
    if (--this.#held === 0) this.onEmpty?.()
  }
}
