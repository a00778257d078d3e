import type { Diagnostics } from '../errors/diagnostics.js'
import { PersistenceError, problemOf } from '../errors/persistence-error.js'
import type { Clock } from '../time/clock.js'
import { type Backlog, callsOf } from './backlog.js'
import type { Work } from './call.js'

const SHORTEST_WAIT_MS = 1
const LONGEST_WAIT_MS = 50

/**
 * Waits for another writer, or for a connection to a server, in pauses between short attempts, so that neither the event loop nor
 * a pool thread is blocked. The jitter keeps several waiting connections from retrying in step.
 */
export class BusyRetry {
  readonly #clock: Clock
  readonly #random: () => number
  readonly #diagnostics: Diagnostics
  readonly #budget: number

  /** @param budget ms that a caller is willing to wait. */
  constructor(clock: Clock, random: () => number, diagnostics: Diagnostics, budget: number) {
    this.#clock = clock
    this.#random = random
    this.#diagnostics = diagnostics
    // Not Infinity, which would make every computed wait NaN.
    this.#budget = Math.min(budget, Number.MAX_SAFE_INTEGER)
  }

  /** Returns the monotonic ms until which a call made now waits. */
  deadline(): number {
    return this.#clock.monotonic() + this.#budget
  }

  /** Rejects those of `works` that are past their deadline, for `reason`, and returns the others. */
  rejectOverdue(works: readonly Work[], reason: PersistenceError): Work[] {
    const now = this.#clock.monotonic()
    const errors = new Map<string, PersistenceError>()
    return works.filter((work) => {
      if (now < work.deadline) return true
      const waited = now - work.deadline + this.#budget
      const patience =
        waited < Number.POSITIVE_INFINITY ? `after ${Math.round(waited)} ms` : 'at once, in the background'
      const message = `${work.name}: gave up ${patience}`
      // One error object per message: creating an error costs about ten times a rejection. If 100,000 calls give up together, the
      // last of them would wait a second for theirs.
      let error = errors.get(message)
      if (error === undefined) {
        error = new PersistenceError(reason.code, work.name, `${message}; ${problemOf(reason)}`, reason.cause)
        errors.set(message, error)
      }
      work.reject(error)
      return false
    })
  }

  /** Returns how many items at the head of the backlog are past their deadline, up to `most` calls. */
  overdue(backlog: Backlog, most: number): number {
    const now = this.#clock.monotonic()
    let count = 0
    let calls = 0
    // Deadlines are in the order of the calls, except those of background calls: these do not wait, but one behind a call that
    // may wait stays until that call leaves.
    while (calls < most) {
      const work = backlog.peek(count)
      if (work === undefined || now < work.deadline) break
      calls += callsOf(work)
      count++
    }
    return count
  }

  /** Calls `retry` after the pause that follows attempt number `attempt` (from 0). Keeps the process alive until then. */
  pause(work: Work, attempt: number, retry: () => void): void {
    if (this.#diagnostics.active) {
      const waited = this.#clock.monotonic() - work.deadline + this.#budget
      this.#diagnostics.emit({ type: 'busy-retry', operation: work.name, attempt: attempt + 1, waited })
    }
    const longest = Math.min(LONGEST_WAIT_MS, SHORTEST_WAIT_MS * 2 ** (attempt + 1))
    const delay = SHORTEST_WAIT_MS + this.#random() * (longest - SHORTEST_WAIT_MS)
    this.#clock.setTimer(retry, delay, { keepAlive: true })
  }
}
