import { cacheEvents } from '../../tracing/events.js'
import type { TracedDatabase } from '../../tracing/traced-database.js'

/** Counts the reads of an adapter that found a value, and those that did not. */
export class HitCounter {
  hits = 0
  misses = 0
  readonly #database: TracedDatabase

  constructor(database: TracedDatabase) {
    this.#database = database
  }

  /** Counts a read of one key. */
  countRead(found: boolean): void {
    if (found) this.count(1, 0)
    else this.count(0, 1)
  }

  /** Counts the hits and misses of one read. */
  count(hits: number, misses: number): void {
    this.hits += hits
    this.misses += misses
    if (cacheEvents.hasSubscribers) cacheEvents.publish({ database: this.#database, hits, misses })
  }
}
