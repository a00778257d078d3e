import type { Row } from '../../driver/driver.js'
import type { Call } from '../../queue/call.js'
import type { PartwiseAnswer } from '../../queue/partwise-answer.js'
import type { Decode, Parameters, RowCount, Statement } from '../../queue/statement.js'
import type { Answer } from '../wire/answer.js'
import { crossing } from '../wire/parameters.js'
import { clientOp, type Item, unitsOf } from '../wire/protocol.js'
import type { ClientChannel } from './client-channel.js'
import type { Request } from './request.js'

// Calls have one form if statement and number of parameters are equal. SQLite takes at most 32,766 parameters.
const FORMS_PER_STATEMENT = 32_767
const NO_ROWS: readonly Row[] = []

/** What a request needs of a call. */
export type RequestedCall = Pick<Call, 'statement' | 'parameters' | 'decode' | 'resolve' | 'reject'>

/** A call of a store's statement. A class, because there are many objects of it. */
export class CallRequest implements Request {
  readonly reject: (error: unknown) => void
  readonly units: number
  readonly #channel: ClientChannel
  readonly #statement: Statement
  readonly #parameters: Parameters
  readonly #decode: Decode<RowCount, unknown>
  readonly #resolve: (result: unknown) => void
  readonly #guard: number | undefined
  readonly #partwise: PartwiseAnswer | undefined

  constructor(
    channel: ClientChannel,
    { statement, parameters, decode, resolve, reject }: RequestedCall,
    guard: number | undefined,
    partwise: PartwiseAnswer | undefined,
  ) {
    this.reject = reject
    this.units = unitsOf(parameters)
    this.#channel = channel
    this.#statement = statement
    this.#parameters = parameters
    this.#decode = decode
    this.#resolve = resolve
    this.#guard = guard
    this.#partwise = partwise
  }

  get name(): string {
    return this.#statement.name
  }

  get writes(): boolean {
    return this.#statement.kind === 'write'
  }

  get take(): Request['take'] {
    return this.#partwise?.take
  }

  get awaited(): boolean {
    return this.#statement.background !== true
  }

  write(out: Item[]): void {
    const { nextRequest, batch } = this.#channel
    const { run, statements } = batch
    const number = statements.numberIn(out, this.#statement)
    const { length } = this.#parameters
    const form = number * FORMS_PER_STATEMENT + length
    if (this.#guard !== undefined) out.push(clientOp.guard, this.#guard, clientOp.call, number, length, 1)
    else if (!run.extend(out, clientOp.call, nextRequest, form)) {
      out.push(clientOp.call, number, length, 1)
      run.begin(out, clientOp.call, nextRequest, form)
    }
    for (const parameter of this.#parameters) out.push(crossing(parameter))
    if (this.#guard === undefined) run.end(out)
  }

  settle(answer: Answer): void {
    if (this.#partwise !== undefined) {
      this.#partwise.end((answer ?? NO_ROWS) as readonly Row[])
      return
    }
    const given = answer === undefined && this.#statement.rows === 'many' ? NO_ROWS : answer
    try {
      this.#resolve(this.#decode(given as never, this.#parameters))
    } catch (error) {
      this.reject(error)
    }
  }
}
