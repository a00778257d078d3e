import type { Turn } from '../time/turn.js'
import { ownParameters } from './batch.js'
import type { Parameters, Statement } from './statement.js'

// For few calls, one shared statement costs more than one each: the calls become JSON, and each gets another promise.
const WORTH_A_BATCH = 16
const MAX_CALLS_BETWEEN_PROBES = 32

const done = Promise.resolve()

/**
 * Detects, for a synchronous engine, whether calls of one statement are made together, by several concurrent callers or by one
 * caller that awaits them together. A caller that awaits each of its calls never makes the next one before a microtask that the
 * previous one queued. So calls that are made before such a microtask runs are made together.
 *
 * The microtask is a probe. It costs up to a tenth of a short statement, so while a caller is alone the probes become rarer, until
 * the next turn of the event loop.
 */
export class Concurrency {
  readonly #turn: Turn
  readonly #endProbe = (): void => this.#end()
  #probing = false
  /** The statement of the last call since the probe began, and how many consecutive calls of it there were. */
  #statement: Statement | undefined
  #calls = 0
  /** How many calls of one statement run immediately before the next ones are gathered. */
  #atOnce = WORTH_A_BATCH
  #callsLeft = 0
  #callsBetween = 1
  #turnSeen = -1

  constructor(turn: Turn) {
    this.#turn = turn
  }

  /** Returns whether a call made now should wait for the next microtask, to share one statement with the others of this turn. */
  shouldGather(statement: Statement, parameters: Parameters): boolean {
    if (!this.#probing) {
      if (this.#turnSeen !== this.#turn.number) this.#startOver()
      if (--this.#callsLeft > 0) return false
      this.#probing = true
      void done.then(this.#endProbe)
      this.#statement = statement
      this.#calls = 1
      return false
    }
    if (statement !== this.#statement) {
      this.#statement = statement
      this.#calls = 0
    }
    return ++this.#calls > this.#atOnce && gains(statement, parameters)
  }

  /** Records the number of calls in the largest statement of the gathered ones. */
  gathered(calls: number): void {
    this.#atOnce = calls >= WORTH_A_BATCH ? 1 : WORTH_A_BATCH
  }

  #startOver(): void {
    this.#turnSeen = this.#turn.number
    this.#callsLeft = 1
    this.#callsBetween = 1
  }

  #end(): void {
    this.#probing = false
    this.#callsBetween = this.#calls > this.#atOnce ? 1 : Math.min(2 * this.#callsBetween, MAX_CALLS_BETWEEN_PROBES)
    this.#callsLeft = this.#callsBetween
  }
}

/** Writes also gain from sharing a commit, even in memory; reads gain only from sharing a statement. */
function gains(statement: Statement, parameters: Parameters): boolean {
  return statement.kind === 'write' || paysAsBatch(statement, parameters)
}

/**
 * Returns whether waiting calls are faster as one statement. A call with only a key becomes a short string. A call with a value
 * becomes JSON within JSON, which costs more than the saved statements.
 */
export function paysAsBatch({ batch }: Statement, parameters: Parameters): boolean {
  return batch !== undefined && ownParameters(batch, parameters) === 1
}
