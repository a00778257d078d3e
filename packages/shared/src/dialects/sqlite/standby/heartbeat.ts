import { enterLog, reportPosition } from './change-log.js'
import type { Position } from './position.js'
import type { Sql } from './sql.js'

const EVERY_MS = 1_000
const IDLE_MS = 600_000

/** Tells a source now and then that a follower is there and how far it is: a commit of its own, so not with each round. */
export class Heartbeat {
  readonly #now: () => number
  #sentAt = 0
  #sent: number | undefined

  /** @param now Epoch ms. */
  constructor(now: () => number) {
    this.#now = now
  }

  /** To be called when the source knows another position, as that from which it keeps its log for a copy. */
  forget(): void {
    this.#sent = undefined
  }

  /** @returns `false` where the source had forgotten the follower, and with it perhaps what its log had for it. */
  async send(source: Sql, { follower, seq }: Position): Promise<boolean> {
    const now = this.#now()
    const since = now - this.#sentAt
    // A clock that was set back would keep silence until it is there again, and the log for as long.
    if (since >= 0 && since < (seq === this.#sent ? IDLE_MS : EVERY_MS)) return true
    // Also of one that fails: each waits for other writers.
    this.#sentAt = now
    this.#sent = undefined
    const known = await reportPosition(source, follower, seq, now)
    if (!known) await enterLog(source, follower, seq, now)
    this.#sent = seq
    return known
  }
}
