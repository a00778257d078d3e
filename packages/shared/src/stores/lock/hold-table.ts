import type { Clock } from '../../time/clock.js'
import { expiryOf, type Hold, isLost, loseHold } from './hold.js'

// Two visits for each new key: an iterator that visits more entries than are added reaches the end. So expired holds are
// found within a bounded number of grants, no grant pays for all of them, and a grant of a known key pays nothing.
// Many visits in a row: the processor has cached none of these entries, and they lie next to one another in memory.
const NEW_KEYS_BETWEEN_VISITS = 64
const VISITS = 2 * NEW_KEYS_BETWEEN_VISITS

let tables = 0

/**
 * The holds that were granted in this process on one handle and prefix, by key. Every operation is O(1).
 *
 * A key that is given back stays in the map without a hold until a visit removes it. Deleting it at once would leave a
 * dead entry in its bucket until the map rehashes, which a large map seldom does: with 1,000,000 locks held, acquiring
 * and releasing a few names walked ever longer chains and fell to a twenty-fifth of its rate.
 */
export class HoldTable {
  readonly clock: Clock
  /** Unlike that of any other table of this process. */
  readonly name: string = `table ${++tables}`
  readonly #holds = new Map<string, Hold | undefined>()
  #visitor: MapIterator<[string, Hold | undefined]> | undefined
  #newKeys = 0
  #held = 0
  /** Called when the table holds nothing any more. */
  onEmpty: (() => void) | undefined
  readonly #onLost: ((key: string, reason: string) => void) | undefined

  /** @param onLost Called once for each hold that is found to be lost. */
  constructor(clock: Clock, onLost?: (key: string, reason: string) => void) {
    this.clock = clock
    this.#onLost = onLost
  }

  /** Holds in the table, some of which may have expired. */
  get size(): number {
    return this.#held
  }

  /** Keys in the table, some of which may have been given back. */
  get keys(): number {
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

  /** Adds a grant in the place of the hold that the key had, if any. */
  add(hold: Hold): void {
    if (this.#holds.get(hold.key) === undefined) this.#held++
    const { size } = this.#holds
    this.#holds.set(hold.key, hold)
    if (this.#holds.size > size && ++this.#newKeys >= NEW_KEYS_BETWEEN_VISITS) {
      this.#newKeys = 0
      this.visit()
    }
  }

  /** Gives one of a hold's handles back; the last one frees the key. */
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

  /** Ends `hold` because it was lost, and leaves its key to the grant that takes its place. */
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
    this.#holds.clear()
    this.#visitor = undefined
  }

  /** Looks at the next entries, ends holds that have expired and removes keys without a hold. */
  visit(): void {
    const now = this.clock.monotonic()
    for (let visits = 0; visits < VISITS; visits++) {
      this.#visitor ??= this.#holds.entries()
      const next = this.#visitor.next()
      if (next.done === true) {
        this.#visitor = undefined
        return
      }
      const [key, hold] = next.value
      if (hold === undefined) {
        this.#holds.delete(key)
      } else if (hold.expiresAt <= now) {
        // Before the loss is told: a listener of the signal may acquire the key at once.
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
    if (--this.#held === 0) this.onEmpty?.()
  }
}
