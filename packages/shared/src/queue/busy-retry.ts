import { classify } from '../errors/classify.js'
import type { Diagnostics } from '../errors/diagnostics.js'
import { PersistenceError } from '../errors/persistence-error.js'
import type { Clock } from '../time/clock.js'
import type { Backlog } from './backlog.js'
import type { Work } from './call.js'

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
  /** There during a pause that lets the process end: makes it keep the process alive. */
  #stayAlive: (() => void) | undefined

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
    this.stayAlive()
    return this.#clock.monotonic() + this.#budget
  }

  /** Somebody awaits what waits: a pause under way keeps the process alive from now on. */
  stayAlive(): void {
    this.#stayAlive?.()
  }

  /** Rejects what has waited long enough and returns the rest. */
  remaining<Waiting extends Work>(works: readonly Waiting[], busy: PersistenceError): Waiting[] {
    const now = this.#clock.monotonic()
    const errors = new Map<string, PersistenceError>()
    return works.filter((work) => {
      if (now < work.deadline) return true
      const waited = Math.round(now - work.deadline + this.#budget)
      const message = `${work.name}: gave up after ${waited} ms`
      // One error for all of the same message: an error costs about ten times what a rejection does, and of 100,000 calls
      // that give up together the last ones would wait a second for theirs.
      let error = errors.get(message)
      if (error === undefined) {
        const reason = busy.message.replace(`${busy.operation}: `, '')
        error = new PersistenceError('BUSY', work.name, `${message}; ${reason}`, busy.cause)
        errors.set(message, error)
      }
      work.reject(error)
      return false
    })
  }

  /** How many at the head of what waits have waited long enough; at most `most`. */
  overdue(backlog: Backlog, most: number): number {
    const now = this.#clock.monotonic()
    let count = 0
    // Deadlines follow the order of the calls.
    while (count < most && now >= (backlog.peek(count)?.deadline ?? Number.POSITIVE_INFINITY)) count++
    return count
  }

  /**
   * Calls `retry` after the pause that follows try number `attempt` (from 0).
   *
   * @param awaited Whether the pause keeps the process alive. See also {@link stayAlive}.
   */
  pause(work: Work, attempt: number, retry: () => void, awaited: boolean): void {
    if (this.#diagnostics.active) {
      const waited = this.#clock.monotonic() - work.deadline + this.#budget
      this.#diagnostics.emit({ type: 'busy-retry', operation: work.name, attempt: attempt + 1, waited })
    }
    const longest = Math.min(LONGEST_WAIT_MS, SHORTEST_WAIT_MS * 2 ** (attempt + 1))
    const delay = SHORTEST_WAIT_MS + this.#random() * (longest - SHORTEST_WAIT_MS)
    if (awaited) this.#clock.setTimer(retry, delay, { keepAlive: true })
    else this.#pauseUnattended(delay, retry)
  }

  #pauseUnattended(delay: number, retry: () => void): void {
    const end = (): void => {
      this.#stayAlive = undefined
      retry()
    }
    const cancel = this.#clock.setTimer(end, delay)
    this.#stayAlive = () => {
      cancel()
      this.#stayAlive = undefined
      this.#clock.setTimer(end, delay, { keepAlive: true })
    }
  }
}

/** The typed form of an engine's error met by `work`. */
export function failure(error: unknown, work: Work): PersistenceError {
  return classify(error, work.name)
}
