import type { Turn } from '../time/turn.js'
import { ownParameters } from './batch.js'
import type { Parameters, Statement } from './statement.js'

// One statement for few calls costs more than one for each: the calls become JSON, and each gets a promise more.
const WORTH_A_BATCH = 16
const MOST_CALLS_BETWEEN_LOOKS = 32

const done = Promise.resolve()

/**
 * Finds out, for an engine that answers within the call, whether calls of one statement are made together: by many
 * callers that run at the same time, or by one that awaits them together. A caller that awaits each of its calls never
 * makes the next one before a microtask that was queued by the one before. So calls that are made before such a
 * microtask runs are made together.
 *
 * The microtask is a look. It costs up to a tenth of a short statement, so a caller that is found alone is looked at
 * ever more seldom, until the next turn of the event loop.
 */
export class Concurrency {
  readonly #turn: Turn
  readonly #endLook = (): void => this.#end()
  #looking = false
  /** The statement of the last call within the look, and how many calls of it came one after another. */
  #statement: Statement | undefined
  #calls = 0
  /** How many calls of one statement run at once before the next ones are gathered. */
  #atOnce = WORTH_A_BATCH
  #callsLeft = 0
  #callsBetween = 1
  #turnSeen = -1

  constructor(turn: Turn) {
    this.#turn = turn
  }

  /** Whether a call made now should wait for the next microtask, to go in one statement with the others of this turn. */
  shouldGather(statement: Statement, parameters: Parameters): boolean {
    if (!this.#looking) {
      if (this.#turnSeen !== this.#turn.number) this.#startOver()
      if (--this.#callsLeft > 0) return false
      this.#looking = true
      void done.then(this.#endLook)
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

  /** Tells how many calls went in the largest statement of those that were gathered. */
  gathered(calls: number): void {
    this.#atOnce = calls >= WORTH_A_BATCH ? 1 : WORTH_A_BATCH
  }

  #startOver(): void {
    this.#turnSeen = this.#turn.number
    this.#callsLeft = 1
    this.#callsBetween = 1
  }

  #end(): void {
    this.#looking = false
    this.#callsBetween = this.#calls > this.#atOnce ? 1 : Math.min(2 * this.#callsBetween, MOST_CALLS_BETWEEN_LOOKS)
    this.#callsLeft = this.#callsBetween
  }
}

/** Writes share a commit, which costs in memory too; reads have to share a statement. */
function gains(statement: Statement, parameters: Parameters): boolean {
  return statement.kind === 'write' || paysAsBatch(statement, parameters)
}

/**
 * Whether calls that wait together are faster as one statement. A call of one key becomes a short string. One with a
 * value becomes JSON within JSON, which costs more than the statements do that it saves.
 */
export function paysAsBatch({ batch }: Statement, parameters: Parameters): boolean {
  return batch !== undefined && ownParameters(batch, parameters) === 1
}
