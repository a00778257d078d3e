import { classify } from '../errors/classify.js'
import { PersistenceError } from '../errors/persistence-error.js'
import type { Clock } from '../time/clock.js'
import type { Diagnostics } from './diagnostics.js'
import type { Work } from './work.js'

const SHORTEST_WAIT_MS = 1
const LONGEST_WAIT_MS = 50

/**
 * How a connection waits for another writer: in pauses of its own between short tries, so that neither the event loop
 * nor a pool thread is held, with jitter, so that several waiters do not march in step.
 */
export class Patience {
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

  /** The deadline of a call made now. */
  deadline(): number {
    return this.#clock.monotonic() + this.#budget
  }

  /** Rejects what has waited long enough and returns the rest. */
  remaining<Waiting extends Work>(works: readonly Waiting[], busy: PersistenceError): Waiting[] {
    const now = this.#clock.monotonic()
    return works.filter((work) => {
      if (now < work.deadline) return true
      const waited = Math.round(now - work.deadline + this.#budget)
      work.reject(
        new PersistenceError(
          'BUSY',
          work.name,
          `${work.name}: gave up after ${waited} ms; ${busy.message}`,
          busy.cause,
        ),
      )
      return false
    })
  }

  /** Calls `retry` after the pause that follows try number `attempt` (from 0). Returns a cancel function. */
  pause(work: Work, attempt: number, retry: () => void): () => void {
    if (this.#diagnostics.active) {
      const waited = this.#clock.monotonic() - work.deadline + this.#budget
      this.#diagnostics.emit({ type: 'busy-retry', operation: work.name, attempt: attempt + 1, waited })
    }
    const longest = Math.min(LONGEST_WAIT_MS, SHORTEST_WAIT_MS * 2 ** (attempt + 1))
    return this.#clock.setTimer(retry, SHORTEST_WAIT_MS + this.#random() * (longest - SHORTEST_WAIT_MS), {
      keepAlive: true,
    })
  }
}

/** The typed form of an engine's error met by `work`. */
export function failure(error: unknown, work: Work): PersistenceError {
  return classify(error, work.name)
}
