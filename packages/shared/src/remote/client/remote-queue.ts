import type { Row } from '../../driver/driver.js'
import type { SubmittedCall } from '../../queue/call.js'
import { isJoined } from '../../queue/joined-calls.js'
import type { CloseOptions, OperationQueue } from '../../queue/operation-queue.js'
import { PartwiseAnswer } from '../../queue/partwise-answer.js'
import { keepSettlers, rejectLast, resolveLast } from '../../queue/settlers.js'
import {
  type Decode,
  nothing,
  type Parameters,
  type RowCount,
  type Statement,
  type Step,
} from '../../queue/statement.js'
import { writeParameters } from '../wire/parameters.js'
import { clientOp, type Item, unitsOf } from '../wire/protocol.js'
import { writeAnnouncement } from '../wire/wire-statement.js'
import { CallRequest, type RequestedCall } from './call-request.js'
import type { ClientChannel } from './client-channel.js'

/** The queue of a connection whose calls run at the owner, in the order in which they were made here. */
export class RemoteQueue implements OperationQueue {
  // Decided by the owner's queue.
  groupWrites = false
  readOnly = false
  readonly #channel: ClientChannel
  /** The number of the load whose value the current calls store. */
  guard: number | undefined

  constructor(channel: ClientChannel) {
    this.#channel = channel
  }

  get waiting(): number {
    return this.#channel.waiting
  }

  get idle(): boolean {
    return this.#channel.idle
  }

  execute<Rows extends RowCount, Result>(
    statement: Statement<Rows>,
    parameters: Parameters,
    decode: Decode<Rows, Result>,
  ): Promise<Result> {
    const result = new Promise<Result>(keepSettlers)
    const decoding = decode as Decode<RowCount, unknown>
    const partwise =
      statement.decodesInParts &&
      new PartwiseAnswer({ parameters, decode: decoding, resolve: resolveLast, reject: rejectLast })
    const call = { statement, parameters, decode: decoding, resolve: resolveLast, reject: rejectLast }
    this.#channel.request(new CallRequest(this.#channel, call, this.guard, partwise))
    return result
  }

  submit(call: SubmittedCall): void {
    if (isJoined(call)) {
      for (const one of call.apart()) this.submit(one)
      return
    }
    const { statement, parameters } = call
    const received: RequestedCall = {
      statement,
      parameters,
      decode: (answer) => call.decode(answer, parameters),
      resolve: nothing,
      reject: (error) => call.reject(error),
    }
    this.#channel.request(new CallRequest(this.#channel, received, this.guard, undefined))
  }

  atomic(name: string, steps: readonly Step[]): Promise<Row[][]> {
    const units = steps.reduce((sum, { sql, parameters = [] }) => sum + sql.length + unitsOf(parameters), 0)
    return new Promise((resolve, reject) => {
      this.#channel.request({
        name,
        writes: true,
        awaited: true,
        units,
        write: (out) => writeSteps(out, name, steps),
        settle: (answer) => resolve(answer as Row[][]),
        reject: (error, unmet) => reject(unmet === undefined ? error : (steps[unmet]?.unmet?.() ?? error)),
      })
    })
  }

  query(name: string, sql: string, parameters: Parameters = []): Promise<Row[]> {
    return new Promise((resolve, reject) => {
      this.#channel.request({
        name,
        writes: true,
        awaited: true,
        units: sql.length + unitsOf(parameters),
        write(out) {
          out.push(clientOp.query, name, sql)
          writeParameters(out, parameters)
        },
        settle: (answer) => resolve((answer ?? []) as Row[]),
        reject,
      })
    })
  }

  drain(): Promise<void> {
    return this.#channel.drain()
  }

  async close({ keepHandle = false }: CloseOptions = {}): Promise<void> {
    if (!keepHandle) await this.#channel.close()
  }
}

function writeSteps(out: Item[], name: string, steps: readonly Step[]): void {
  out.push(clientOp.atomic, name, steps.length)
  for (const { sql, parameters = [], clocked, expect, announces } of steps) {
    out.push(sql, clocked ?? 'none', expect ?? null, writeAnnouncement(announces))
    writeParameters(out, parameters)
  }
}
