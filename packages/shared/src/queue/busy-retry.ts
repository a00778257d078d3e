import type { Diagnostics } from '../errors/diagnostics.js'
import { PersistenceError, problemOf } from '../errors/persistence-error.js'
import type { Clock } from '../time/clock.js'
import { type Backlog, callsOf } from './backlog.js'
import type { Work } from './call.js'

const SHORTEST_WAIT_MS = 1
const LONGEST_WAIT_MS = 50

/**
 * How a connection waits for another writer: in pauses of its own between short tries, so that neither the event loop
 * nor a pool thread is held, with jitter, so that several waiters do not march in step.
 */
export class BusyRetry {
  readonly #clock: Clock
  readonly #random: () => number
  readonly #diagnostics: Diagnostics
  readonly #budget: number

  /** @param budget ms a caller is willing to wait. */
  constructor(clock: Clock, random: () => number, diagnostics: Diagnostics, budget: number) {
    this.#clock = clock
    this.#random = random
    this.#diagnostics = diagnostics
    // Not Infinity, which would make every time waited NaN.
    this.#budget = Math.min(budget, Number.MAX_SAFE_INTEGER)
  }

  /** Monotonic ms until which a call made now waits. */
  deadline(): number {
    return this.#clock.monotonic() + this.#budget
  }

  /** Rejects those of `works` that have waited long enough, and returns the rest. */
  rejectOverdue(works: readonly Work[], busy: PersistenceError): Work[] {
    const now = this.#clock.monotonic()
    const errors = new Map<string, PersistenceError>()
    return works.filter((work) => {
      if (now < work.deadline) return true
      const waited = now - work.deadline + this.#budget
      const patience =
        waited < Number.POSITIVE_INFINITY ? `after ${Math.round(waited)} ms` : 'at once, in the background'
      const message = `${work.name}: gave up ${patience}`
      // One error for all of the same message: an error costs about ten times what a rejection does, and of 100,000 calls
      // that give up together the last ones would wait a second for theirs.
      let error = errors.get(message)
      if (error === undefined) {
        error = new PersistenceError(busy.code, work.name, `${message}; ${problemOf(busy)}`, busy.cause)
        errors.set(message, error)
      }
      work.reject(error)
      return false
    })
  }

  /** How many items at the head of what waits have waited long enough; no more than are `most` calls. */
  overdue(backlog: Backlog, most: number): number {
    const now = this.#clock.monotonic()
    let count = 0
    let calls = 0
    // Deadlines follow the order of the calls, but for those that no caller awaits: such a one has none to wait for, and
    // behind a call that may wait it stays until that one goes.
    while (calls < most) {
      const work = backlog.peek(count)
      if (work === undefined || now < work.deadline) break
      calls += callsOf(work)
      count++
    }
    return count
  }

  /** Calls `retry` after the pause that follows try number `attempt` (from 0). The process stays alive until then. */
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
