import type { Row } from '../driver/driver.js'
import type { SubmittedCall } from '../queue/call.js'
import type { PackedTaker } from '../queue/packed.js'
import type { Parameters, Statement } from '../queue/statement.js'
import { say, unitsOf } from './protocol.js'
import type { ServedCalls } from './served-calls.js'

/** Who answers a call. */
export interface CallTaker extends PackedTaker {
  answered(call: ServedCall, given: Row | readonly Row[] | undefined): void
  /** @param row As `packed` of the statement's batch gives it; absent where it gives no rows. */
  answeredJoined(calls: ServedCalls, row: Row | undefined): void
  refused(call: ServedCall | ServedCalls, error: unknown): void
}

/** A call that a user has sent, as the queue of the owner takes it. One object for each: there are many of them. */
export class ServedCall implements SubmittedCall {
  readonly type: 'call' = 'call'
  readonly word: typeof say.call = say.call
  readonly number: number
  readonly statement: Statement
  readonly parameters: Parameters
  /** The load for which it stores. */
  readonly guard: number | undefined
  readonly units: number
  deadline = 0
  /** Set before it is submitted. */
  taker: CallTaker | undefined = undefined

  constructor(number: number, statement: Statement, parameters: Parameters, guard: number | undefined) {
    this.number = number
    this.statement = statement
    this.parameters = parameters
    this.guard = guard
    this.units = unitsOf(parameters)
  }

  get name(): string {
    return this.statement.name
  }

  get packs(): PackedTaker | undefined {
    return this.taker
  }

  decode(given: Row | readonly Row[] | undefined): void {
    this.taker?.answered(this, given)
  }

  resolve(): void {}

  reject(error: unknown): void {
    this.taker?.refused(this, error)
  }
}
