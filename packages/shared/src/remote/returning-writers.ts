import type { Clock } from '../time/clock.js'

/** Whoever comes back within this part of the time that a write takes is worth waiting for. */
const SHARE = 0.5
const LONGEST_MS = 2
/** No timer is shorter: where a write takes less than twice of it, as without a flush, waiting would cost more than a commit. */
const SHORTEST_MS = 1
/** How many of its commits a user is not waited for at most, after it was waited for in vain. */
const MOST_SKIPPED = 16

/** A user, as far as its writes go. */
export class Writer {
  /** Monotonic ms at which the first of the writes came that are not all answered. */
  cameAt: number | undefined
  answeredAt: number = Number.NEGATIVE_INFINITY
  /** Whether it wrote soon after its last answers. */
  isRegular = false
  /** For how many more commits it is not waited for. */
  skipsLeft = 0
  /** For how many it was not the last time. */
  backoff = 0
}

/**
 * Users who write again as soon as they have their answers, and are about to. What came while the database committed would
 * otherwise be committed before they are back: two groups take turns for ever, and each flush of the disk is for half of
 * the writes.
 */
export class ReturningWriters {
  readonly #clock: Clock
  readonly #away = new Set<Writer>()
  /** ms from the coming of a write to its answer, of late. */
  #pace = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Whether there is somebody to wait for, and a write takes long enough for that. */
  get worthAWait(): boolean {
    return this.#away.size > 0 && this.limit >= SHORTEST_MS
  }

  /** ms for which it is worth it to wait. */
  get limit(): number {
    return Math.min(this.#pace * SHARE, LONGEST_MS)
  }

  /** A message of that user has come. */
  spoke(writer: Writer, writes: boolean): void {
    const { cameAt, answeredAt } = writer
    const wasAway = this.#away.delete(writer)
    if ((!writes && !wasAway) || cameAt !== undefined) return
    const now = this.#clock.monotonic()
    const away = now - answeredAt
    if (wasAway && writes && away < this.limit) writer.backoff = 0
    else if (wasAway) skip(writer)
    if (!writes) return
    writer.cameAt = now
    // Twice: while others write, this thread is busy, and its message is heard late.
    writer.isRegular = away < 2 * this.#pace
  }

  /** All that the user has asked for is answered. */
  answered(writer: Writer): void {
    if (writer.cameAt === undefined) return
    writer.answeredAt = this.#clock.monotonic()
    this.#pace += (writer.answeredAt - writer.cameAt - this.#pace) / 8
    writer.cameAt = undefined
    if (writer.skipsLeft > 0) writer.skipsLeft--
    else if (writer.isRegular) this.#away.add(writer)
  }

  leave(writer: Writer): void {
    this.#away.delete(writer)
  }

  /** It was waited for in vain. */
  giveUp(): void {
    for (const writer of this.#away) skip(writer)
    this.#away.clear()
  }
}

function skip(writer: Writer): void {
  writer.backoff = Math.min(2 * writer.backoff + 1, MOST_SKIPPED)
  writer.skipsLeft = writer.backoff
}
