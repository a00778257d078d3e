import type { Row } from '../../driver/driver.js'
import { DisconnectedError } from '../../errors/disconnected-error.js'
import { PersistenceError } from '../../errors/persistence-error.js'
import type { Statement } from '../../queue/statement.js'
import type { AnsweredLock } from '../wire/answer.js'
import type { Outgoing } from '../wire/outgoing.js'
import { isPacked, unpackedRow } from '../wire/packed-rows.js'
import { SHORT_UNITS, say, WINDOW } from '../wire/protocol.js'
import { MalformedMessage } from '../wire/reader.js'
import { countOf, type RequestCommand } from './commands.js'
import type { ServedCall, ServedCalls } from './served-call.js'

/**
 * Which requests of one user are not answered, and their answers. A request enters as it comes, is begun or declined, and is
 * over when all of its answer has been handed to {@link Outgoing}.
 */
export class ClientAnswers {
  readonly #out: Outgoing
  readonly #isOwn: (statement: Statement) => boolean
  readonly #atEnd: () => void
  /** Requests of which some rows have been sent. */
  readonly #inPieces = new Map<number, RequestCommand>()
  #atIdle: (() => void)[] = []
  #units = 0
  #begun = 0
  /** Requests that came and are not answered. */
  calls = 0

  /**
   * @param isOwn Whether a statement is one of our own. One that a user has declared may give anything.
   * @param atEnd To be called when a request that was begun is over: there may be room for the next.
   */
  constructor(out: Outgoing, isOwn: (statement: Statement) => boolean, atEnd: () => void) {
    this.#out = out
    this.#isOwn = isOwn
    this.#atEnd = atEnd
  }

  /** How many more may be begun. */
  get room(): number {
    return this.#out.roomBeside(this.#begun)
  }

  /** @throws MalformedMessage for more than a user may have under way. */
  enter(request: RequestCommand): void {
    this.calls += countOf(request)
    this.#units += request.units
    if (this.calls > WINDOW.calls || (this.calls > 1 && this.#units > WINDOW.units)) {
      throw new MalformedMessage('more is under way than a user may have')
    }
  }

  begin(request: RequestCommand): void {
    this.#begun += countOf(request)
  }

  /** Refuses what was not begun, and so is not done. */
  decline(request: RequestCommand, reason: string): void {
    this.#out.refuse(request.number, DisconnectedError.of(nameOf(request), 'none', reason), countOf(request))
    this.drop(request)
  }

  /** Counts what was not begun no more. */
  drop(request: RequestCommand): void {
    this.calls -= countOf(request)
    this.#units -= request.units
    if (this.calls === 0) for (const idle of this.#atIdle.splice(0)) idle()
  }

  /** Settles when all that has come is answered. */
  drain(): Promise<void> {
    return this.calls === 0 ? Promise.resolve() : new Promise((resolve) => this.#atIdle.push(resolve))
  }

  /** Waits no more for the user to ask for the next rows. */
  sendInOneGo(): void {
    this.#out.sendInOneGo()
    for (const request of [...this.#inPieces.keys()]) this.more(request)
  }

  /** The user has gone, or is left: what is begun comes to its end, and nothing is sent. */
  leave(): void {
    this.#out.end()
    for (const request of this.#inPieces.values()) this.#end(request)
    this.#inPieces.clear()
  }

  /** The user asks for the next rows of a request. */
  more(request: number): void {
    const command = this.#inPieces.get(request)
    if (command === undefined || !this.#out.more(request)) return
    this.#inPieces.delete(request)
    this.#end(command)
  }

  answer(request: RequestCommand, given: Row | readonly Row[] | undefined): void {
    const statement = request.word === say.call ? request.statement : undefined
    if (this.#out.answer(request.number, given, statement)) this.#end(request)
    else this.#inPieces.set(request.number, request)
  }

  /** Whether what is answered of late is short. */
  get areShort(): boolean {
    return this.#out.usual <= SHORT_UNITS
  }

  /** @param row As `packed` of the statement's batch gives it. */
  answerTogether(calls: readonly ServedCall[], row: Row): void {
    const [first] = calls as [ServedCall]
    const { number, statement } = first
    const last = calls.at(-1) as ServedCall
    if (!this.#tells(row, statement, calls.length)) {
      for (const call of calls) this.refuse(call, notPacked(call.name))
      return
    }
    if (last.number - number === calls.length - 1) this.#out.answerTogether(number, calls.length, row, statement)
    else {
      const rows = unpackedRow(row, calls.length)
      for (const [at, call] of calls.entries()) this.#out.answer(call.number, rows[at], statement)
    }
    for (const call of calls) this.#end(call)
  }

  /** @param row The same; absent where the statement gives no rows. */
  answerJoined(calls: ServedCalls, row: Row | undefined): void {
    const { number, count, statement } = calls
    if (row === undefined && statement.rows === 'none') this.#out.answerNothing(number, count)
    else if (row !== undefined && this.#tells(row, statement, count))
      this.#out.answerTogether(number, count, row, statement)
    else {
      this.refuse(calls, notPacked(calls.name))
      return
    }
    this.#end(calls)
  }

  answerSteps(request: RequestCommand, steps: readonly (readonly Row[])[]): void {
    this.#out.answerSteps(request.number, steps)
    this.#end(request)
  }

  answerLock(request: RequestCommand, answer: AnsweredLock): void {
    this.#out.answerLock(request.number, answer)
    this.#end(request)
  }

  refuse(request: RequestCommand, error: unknown): void {
    this.#out.refuse(request.number, error, countOf(request))
    this.#end(request)
  }

  /** Whether the row tells what each of so many calls has. It goes on unread, also to users of this user. */
  #tells(row: Row, statement: Statement, calls: number): boolean {
    return this.#isOwn(statement) || isPacked(row, calls)
  }

  #end(request: RequestCommand): void {
    this.#begun -= countOf(request)
    this.drop(request)
    this.#atEnd()
  }
}

/** Of a statement that a user has declared. */
function notPacked(operation: string): PersistenceError {
  return new PersistenceError(
    'SQL',
    operation,
    `${operation}: the statement for many calls gives other columns than it has to`,
  )
}

function nameOf(request: RequestCommand): string {
  if (request.word === say.call) return request.statement.name
  return request.word === say.query || request.word === say.atomic ? request.name : 'lock'
}
