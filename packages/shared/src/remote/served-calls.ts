import type { Row } from '../driver/driver.js'
import type { JoinedCalls } from '../queue/joined-calls.js'
import type { Parameters, Statement } from '../queue/statement.js'
import { say, unitsOf } from './protocol.js'
import { type CallTaker, ServedCall } from './served-call.js'

/** Calls of one statement that a user has sent together: one object for all, from the message to the answer. */
export class ServedCalls implements JoinedCalls {
  readonly type: 'call' = 'call'
  readonly word: typeof say.call = say.call
  /** Of the first of them; the others follow. */
  readonly number: number
  readonly count: number
  readonly statement: Statement
  readonly parameters: Parameters
  readonly units: number
  deadline = 0
  /** Set before they are submitted. */
  taker: CallTaker | undefined = undefined

  constructor(number: number, count: number, statement: Statement, parameters: Parameters) {
    this.number = number
    this.count = count
    this.statement = statement
    this.parameters = parameters
    this.units = unitsOf(parameters)
  }

  get name(): string {
    return this.statement.name
  }

  /** The first so many of them, and the rest. */
  cutAt(count: number): [ServedCalls, ServedCalls] {
    const { number, statement, parameters } = this
    const at = (parameters.length / this.count) * count
    return [
      new ServedCalls(number, count, statement, parameters.slice(0, at)),
      new ServedCalls(number + count, this.count - count, statement, parameters.slice(at)),
    ]
  }

  /** The parameters of each. */
  each(): Parameters[] {
    const { parameters, count } = this
    const own = parameters.length / count
    return Array.from({ length: count }, (_, at) => parameters.slice(at * own, (at + 1) * own))
  }

  apart(): ServedCall[] {
    return this.each().map((parameters, at) => {
      const call = new ServedCall(this.number + at, this.statement, parameters, undefined)
      call.deadline = this.deadline
      call.taker = this.taker
      return call
    })
  }

  decode(given: Row | readonly Row[] | undefined): void {
    this.taker?.answeredJoined(this, given as Row | undefined)
  }

  resolve(): void {}

  reject(error: unknown): void {
    this.taker?.refused(this, error)
  }
}
