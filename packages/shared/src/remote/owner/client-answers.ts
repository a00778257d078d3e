import type { Row } from '../../driver/driver.js'
import { DisconnectedError } from '../../errors/disconnected-error.js'
import { PersistenceError } from '../../errors/persistence-error.js'
import type { Statement } from '../../queue/statement.js'
import type { AnsweredLock } from '../wire/answer.js'
import type { AnswerWriter } from '../wire/answer-writer.js'
import { isPacked, unpackedRow } from '../wire/packed-rows.js'
import { clientOp, MAX_BEGUN, SHORT_UNITS, WINDOW } from '../wire/protocol.js'
import { MalformedMessage } from '../wire/reader.js'
import { countOf, type RequestCommand } from './commands.js'
import type { ServedCall, ServedCalls } from './served-call.js'

/**
 * The pending requests of one client, and their answers. A request enters on arrival, is begun or declined, and is done when
 * all of its answer was handed to {@link AnswerWriter}.
 */
export class ClientAnswers {
  readonly #out: AnswerWriter
  readonly #isOwn: (statement: Statement) => boolean
  readonly #onDone: () => void
  /** Requests of which a part of the rows was sent. */
  readonly #inPieces = new Map<number, RequestCommand>()
  #onIdle: (() => void)[] = []
  #units = 0
  #begun = 0
  /** Those of the begun requests whose answers have rows. */
  #withRows = 0
  /** Requests that have arrived and are not answered. */
  calls = 0

  /**
   * @param isOwn Whether a statement is one of our own. One that a client has declared may return anything.
   * @param onDone Called when a request that was begun is done: there may be room for the next.
   */
  constructor(out: AnswerWriter, isOwn: (statement: Statement) => boolean, onDone: () => void) {
    this.#out = out
    this.#isOwn = isOwn
    this.#onDone = onDone
  }

  /**
   * How many more requests may be begun. Joined calls are not cut where they would exceed {@link MAX_BEGUN}: the parts would be
   * cut again and again, and each is a statement of its own.
   */
  get room(): number {
    return this.#withRows < MAX_BEGUN ? this.#out.roomBeside(this.#begun) : 0
  }

  /** Whether requests that were not begun can only be declined; see {@link AnswerWriter.isFull}. */
  get isFull(): boolean {
    return this.#begun === 0 && this.#out.isFull
  }

  /** Adds a request that has arrived. @throws MalformedMessage for more than a client may have pending. */
  enter(request: RequestCommand): void {
    this.calls += countOf(request)
    this.#units += request.units
    if (this.calls > WINDOW.calls || (this.calls > 1 && this.#units > WINDOW.units)) {
      throw new MalformedMessage('more is pending than a client may have')
    }
  }

  begin(request: RequestCommand): void {
    this.#begun += countOf(request)
    if (hasRows(request)) this.#withRows += countOf(request)
  }

  /** Refuses a request that was not begun. */
  decline(request: RequestCommand, reason: string): void {
    this.#out.refuse(request.number, DisconnectedError.of(nameOf(request), 'none', reason), countOf(request))
    this.drop(request)
  }

  /** Removes a request that was not begun. */
  drop(request: RequestCommand): void {
    this.calls -= countOf(request)
    this.#units -= request.units
    if (this.calls === 0) for (const idle of this.#onIdle.splice(0)) idle()
  }

  /** Settles when all requests that have arrived are answered. */
  drain(): Promise<void> {
    return this.calls === 0 ? Promise.resolve() : new Promise((resolve) => this.#onIdle.push(resolve))
  }

  /** Stops waiting for the client to read what was sent, and to ask for the next rows. */
  stopWaiting(): void {
    this.#out.stopWaiting()
    for (const request of [...this.#inPieces.keys()]) this.more(request)
  }

  /** Sends nothing more: the client has ended. Requests that were begun come to their end. */
  end(): void {
    this.#out.end()
    for (const request of this.#inPieces.values()) this.#finish(request)
    this.#inPieces.clear()
  }

  /** Sends the next rows of a request, which the client asks for. */
  more(request: number): void {
    const command = this.#inPieces.get(request)
    if (command === undefined || !this.#out.more(request)) return
    this.#inPieces.delete(request)
    this.#finish(command)
  }

  answer(request: RequestCommand, given: Row | readonly Row[] | undefined): void {
    const statement = request.op === clientOp.call ? request.statement : undefined
    if (this.#out.answer(request.number, given, statement)) this.#finish(request)
    else this.#inPieces.set(request.number, request)
  }

  /** Whether recent answers are short. */
  get areShort(): boolean {
    return this.#out.averageUnits <= SHORT_UNITS
  }

  /** @param row As `packed` of the statement's batch returns it. */
  answerTogether(calls: readonly ServedCall[], row: Row): void {
    const [first] = calls as [ServedCall]
    const { number, statement } = first
    const last = calls.at(-1) as ServedCall
    if (!this.#isAnswerOf(row, statement, calls.length)) {
      for (const call of calls) this.refuse(call, notPacked(call.name))
      return
    }
    if (last.number - number === calls.length - 1) this.#out.answerTogether(number, calls.length, row, statement)
    else {
      const rows = unpackedRow(row, calls.length)
      for (const [at, call] of calls.entries()) this.#out.answer(call.number, rows[at], statement)
    }
    for (const call of calls) this.#finish(call)
  }

  /** @param row As {@link answerTogether}; `undefined` for a statement without rows. */
  answerJoined(calls: ServedCalls, row: Row | undefined): void {
    const { number, count, statement } = calls
    if (row === undefined && statement.rows === 'none') this.#out.answerNothing(number, count)
    else if (row !== undefined && this.#isAnswerOf(row, statement, count))
      this.#out.answerTogether(number, count, row, statement)
    else {
      this.refuse(calls, notPacked(calls.name))
      return
    }
    this.#finish(calls)
  }

  answerSteps(request: RequestCommand, steps: readonly (readonly Row[])[]): void {
    this.#out.answerSteps(request.number, steps)
    this.#finish(request)
  }

  answerLock(request: RequestCommand, answer: AnsweredLock): void {
    this.#out.answerLock(request.number, answer)
    this.#finish(request)
  }

  refuse(request: RequestCommand, error: unknown): void {
    this.#out.refuse(request.number, error, countOf(request))
    this.#finish(request)
  }

  /** Whether the row has an answer for each of so many calls. Clients of this client get it without another check. */
  #isAnswerOf(row: Row, statement: Statement, calls: number): boolean {
    return this.#isOwn(statement) || isPacked(row, calls)
  }

  #finish(request: RequestCommand): void {
    this.#begun -= countOf(request)
    if (hasRows(request)) this.#withRows -= countOf(request)
    this.drop(request)
    this.#onDone()
  }
}

/** The error of a statement that a client has declared. */
function notPacked(operation: string): PersistenceError {
  return new PersistenceError('SQL', operation, `${operation}: rows are malformed`)
}

/** Whether the answer may be long. */
function hasRows(request: RequestCommand): boolean {
  if (request.op === clientOp.call) return request.statement.rows !== 'none'
  return request.op === clientOp.query || request.op === clientOp.atomic
}

function nameOf(request: RequestCommand): string {
  if (request.op === clientOp.call) return request.statement.name
  return request.op === clientOp.query || request.op === clientOp.atomic ? request.name : 'lock'
}
