import type { Clock } from '../../time/clock.js'
import { expiryOf, type Hold, isLost, loseHold } from './hold.js'

// Two entries are checked per new key: an iterator that passes more entries than are added reaches the end. So expired holds are
// found within a bounded number of grants, no grant pays for all of them, and a grant of a known key pays nothing. A sweep checks
// many entries in a row, because the entries are not in the CPU cache and are adjacent in memory.
const NEW_KEYS_BETWEEN_SWEEPS = 64
const ENTRIES_PER_SWEEP = 2 * NEW_KEYS_BETWEEN_SWEEPS
// Fewer keys of released holds may stay: to clear the map at each release of a lone lock would cost more than they do.
const MOST_KEYS_WITHOUT_HOLD = 1_000

let tables = 0

/**
 * The holds that were granted in this process on one handle and prefix, by key. Every operation is O(1).
 *
 * The key of a released hold stays in the map until a sweep removes it. Deleting it immediately would leave a dead entry in its
 * bucket until the map rehashes, which a large map seldom does. With 1,000,000 locks held, acquiring and releasing a few names
 * then walked ever longer chains and dropped to a twenty-fifth of its rate.
 */
export class HoldTable {
  /** Unique among the tables of this process. */
  readonly name: string = `table ${++tables}`
  readonly #clock: Clock
  readonly #holds = new Map<string, Hold | undefined>()
  #cursor: MapIterator<[string, Hold | undefined]> | undefined
  #newKeys = 0
  #held = 0
  /** Called when the table has no hold any longer. */
  onEmpty: (() => void) | undefined
  readonly #onLost: ((key: string, reason: string) => void) | undefined

  /** @param onLost Called once for each hold that is found to be lost. */
  constructor(clock: Clock, onLost?: (key: string, reason: string) => void) {
    this.#clock = clock
    this.#onLost = onLost
  }

  /** Number of holds; some may have expired. */
  get size(): number {
    return this.#held
  }

  /** Number of keys, including those of released holds. */
  get keys(): number {
    return this.#holds.size
  }

  /** Returns the hold of `key`, expired or not. */
  get(key: string): Hold | undefined {
    return this.#holds.get(key)
  }

  /** Returns the hold of `key` if it has not expired. */
  find(key: string): Hold | undefined {
    const hold = this.#holds.get(key)
    return hold !== undefined && hold.expiresAt > this.#clock.monotonic() ? hold : undefined
  }

  /** Adds a grant and replaces the previous hold of the key, if any. */
  add(hold: Hold): void {
    if (this.#holds.get(hold.key) === undefined) this.#held++
    const { size } = this.#holds
    this.#holds.set(hold.key, hold)
    if (this.#holds.size > size && ++this.#newKeys >= NEW_KEYS_BETWEEN_SWEEPS) {
      this.#newKeys = 0
      this.sweep()
    }
  }

  /** Releases one of a hold's handles; the last one frees the key. */
  release(hold: Hold): void {
    if (--hold.count > 0) return
    this.#free(hold)
    hold.lease?.settle()
  }

  /** Ends `hold` because it was lost. */
  lose(hold: Hold, reason: string): void {
    this.#free(hold)
    this.end(hold, reason)
  }

  /** Ends `hold` because it was lost. Its key stays for the grant that replaces it. */
  end(hold: Hold, reason: string): void {
    if (!isLost(hold)) this.#onLost?.(hold.key, reason)
    loseHold(hold, reason)
  }

  /** Ends the hold of `key`, if there is one. */
  drop(key: string, reason: string): void {
    const hold = this.#holds.get(key)
    if (hold !== undefined) this.lose(hold, reason)
  }

  dropAll(reason: string): void {
    for (const key of this.#holds.keys()) this.drop(key, reason)
    this.#clear()
  }

  /** Checks the next entries, ends expired holds and removes keys without a hold. */
  sweep(): void {
    const now = this.#clock.monotonic()
    for (let checked = 0; checked < ENTRIES_PER_SWEEP; checked++) {
      this.#cursor ??= this.#holds.entries()
      const next = this.#cursor.next()
      if (next.done === true) {
        this.#cursor = undefined
        return
      }
      const [key, hold] = next.value
      if (hold === undefined) {
        this.#holds.delete(key)
      } else if (hold.expiresAt <= now) {
        // Before the loss is notified, because a listener of the signal may acquire the key immediately.
        this.#holds.delete(key)
        this.#countDown()
        this.end(hold, expiryOf(key))
      }
    }
  }

  #free(hold: Hold): void {
    if (this.#holds.get(hold.key) !== hold) return
    this.#holds.set(hold.key, undefined)
    this.#countDown()
  }

  #countDown(): void {
    if (--this.#held > 0) return
    // The next grants may add too few new keys for a sweep.
    if (this.#holds.size > MOST_KEYS_WITHOUT_HOLD) this.#clear()
    this.onEmpty?.()
  }

  #clear(): void {
    this.#holds.clear()
    this.#cursor = undefined
  }
}
