import type { Row } from '../../driver/driver.js'
import type { SubmittedCall } from '../../queue/call.js'
import type { JoinedCalls } from '../../queue/joined-calls.js'
import type { PackedTaker } from '../../queue/packed.js'
import type { Parameters, Statement } from '../../queue/statement.js'
import { say, unitsOf } from '../wire/protocol.js'

/** Who answers calls. */
export interface CallTaker extends PackedTaker {
  answered(call: ServedCall, given: Row | readonly Row[] | undefined): void
  /** @param row As `packed` of the statement's batch gives it; absent where it gives no rows. */
  answeredJoined(calls: ServedCalls, row: Row | undefined): void
  refused(calls: ServedCall | ServedCalls, error: unknown): void
}

/** What a call and joined calls of a user have in common. */
abstract class Served {
  readonly type: 'call' = 'call'
  readonly word: typeof say.call = say.call
  /** Of the request; of joined calls, of the first. */
  readonly number: number
  readonly statement: Statement
  readonly parameters: Parameters
  /** About the bytes of it. */
  readonly units: number
  deadline = 0
  /** Set before it is submitted. */
  taker: CallTaker | undefined = undefined

  constructor(number: number, statement: Statement, parameters: Parameters) {
    this.number = number
    this.statement = statement
    this.parameters = parameters
    this.units = unitsOf(parameters)
  }

  get name(): string {
    return this.statement.name
  }

  resolve(): void {}
}

/** A call that a user has sent, as the queue of the owner takes it. One object for each: there are many of them. */
export class ServedCall extends Served implements SubmittedCall {
  declare readonly count?: number
  /** The load for which it stores. */
  readonly guard: number | undefined

  constructor(number: number, statement: Statement, parameters: Parameters, guard: number | undefined) {
    super(number, statement, parameters)
    this.guard = guard
  }

  get packs(): PackedTaker | undefined {
    return this.taker
  }

  decode(given: Row | readonly Row[] | undefined): void {
    this.taker?.answered(this, given)
  }

  reject(error: unknown): void {
    this.taker?.refused(this, error)
  }
}

/** Calls of one statement that a user has sent together: one object for all, from the message to the answer. */
export class ServedCalls extends Served implements JoinedCalls {
  readonly count: number

  constructor(number: number, count: number, statement: Statement, parameters: Parameters) {
    super(number, statement, parameters)
    this.count = count
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

  reject(error: unknown): void {
    this.taker?.refused(this, error)
  }
}
