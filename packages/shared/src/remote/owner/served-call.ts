import type { Row } from '../../driver/driver.js'
import type { SubmittedCall } from '../../queue/call.js'
import type { JoinedCalls } from '../../queue/joined-calls.js'
import type { PackedTaker } from '../../queue/packed.js'
import type { Parameters, Statement } from '../../queue/statement.js'
import { clientOp, unitsOf } from '../wire/protocol.js'

/** Receives the results of calls. */
export interface CallTaker extends PackedTaker {
  answered(call: ServedCall, given: Row | readonly Row[] | undefined): void
  /** @param row As `packed` of the statement's batch returns it; `undefined` for a statement without rows. */
  answeredJoined(calls: ServedCalls, row: Row | undefined): void
  refused(calls: ServedCall | ServedCalls, error: unknown): void
}

/** What a call and joined calls of a client have in common. */
abstract class Served {
  readonly type: 'call' = 'call'
  readonly op: typeof clientOp.call = clientOp.call
  /** The number of the request; of joined calls, that of the first. */
  readonly number: number
  readonly statement: Statement
  readonly parameters: Parameters
  /** Its approximate size in bytes. */
  readonly units: number
  deadline = 0
  /** Set before the call is submitted. */
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

/** A call that a client has sent, in the form that the queue takes. One object per call, because there are many. */
export class ServedCall extends Served implements SubmittedCall {
  declare readonly count?: number
  /** The number of the load whose value it stores. */
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

/** Calls of one statement that a client has sent together: one object for all, from the message to the answer. */
export class ServedCalls extends Served implements JoinedCalls {
  readonly count: number

  constructor(number: number, count: number, statement: Statement, parameters: Parameters) {
    super(number, statement, parameters)
    this.count = count
  }

  /** Splits them into the first `count` and the rest. */
  cutAt(count: number): [ServedCalls, ServedCalls] {
    const { number, statement, parameters } = this
    const at = (parameters.length / this.count) * count
    return [
      new ServedCalls(number, count, statement, parameters.slice(0, at)),
      new ServedCalls(number + count, this.count - count, statement, parameters.slice(at)),
    ]
  }

  /** The parameters of each call. */
  each(): Parameters[] {
    const { parameters, count } = this
    const own = parameters.length / count
    return Array.from({ length: count }, (_, at) => parameters.slice(at * own, (at + 1) * own))
  }

  /** Splits them into single calls. */
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
