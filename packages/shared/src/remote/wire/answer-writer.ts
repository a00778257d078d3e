import type { Row } from '../../driver/driver.js'
import type { Statement } from '../../queue/statement.js'
import { oncePerMicrotask } from '../../time/clock.js'
import { type AnsweredLock, Granted } from './answer.js'
import { AnswerCredit } from './answer-credit.js'
import { type Item, ownerOp, PIECE, unitsOf } from './protocol.js'
import { INDEX, RowShapes } from './row-shapes.js'
import { Run } from './run.js'
import { writeError } from './wire-error.js'

/** The rows of an answer, from `at` on still to be sent. */
interface Rest {
  readonly rows: readonly Row[]
  at: number
}

/** Writes what the owner sends to one client: answers and notifications, one message per turn. */
export class AnswerWriter {
  readonly #send: (message: Item[]) => void
  readonly #shapes: RowShapes
  readonly #run = new Run()
  readonly #rests = new Map<number, Rest>()
  #items: Item[] = []
  /** One microtask later: answers that settle together are one message. */
  readonly #flushLater = oncePerMicrotask(() => this.flush())
  readonly #credit = new AnswerCredit()
  #waits = true
  #ended = false

  /** @param isOwn See {@link RowShapes}. By default no statement is. */
  constructor(send: (message: Item[]) => void, isOwn: (statement: Statement) => boolean = () => false) {
    this.#send = send
    this.#shapes = new RowShapes(isOwn)
  }

  /** The moving average of bytes per answer. */
  get averageUnits(): number {
    return this.#credit.averageUnits
  }

  /** See {@link AnswerCredit.roomBeside}. */
  roomBeside(pending: number): number {
    return this.#credit.roomBeside(pending)
  }

  /** Whether there is no room until the client reads, and nobody waits for that. */
  get isFull(): boolean {
    return !this.#waits && this.#credit.roomBeside(0) === 0
  }

  /** The client has read what was sent before the oldest mark. */
  taken(): void {
    this.#credit.confirm()
  }

  /** See {@link AnswerCredit.mayNotify}. */
  get mayNotify(): boolean {
    return this.#credit.mayNotify
  }

  notify(...items: Item[]): void {
    this.#items.push(...items)
    this.#flushLater()
  }

  /** As {@link notify}, of what may change any number of times before the client reads: it is counted as answers are. */
  notifyOfChange(...items: Item[]): void {
    this.notify(...items)
    if (this.#credit.notified(unitsOf(items))) this.#items.push(ownerOp.mark)
  }

  /**
   * @param given What a statement returned.
   * @param statement The statement, if it is one of a store.
   * @returns whether all of the answer was written.
   */
  answer(request: number, given: Row | readonly Row[] | undefined, statement?: Statement): boolean {
    if (given === undefined) this.answerNothing(request)
    else if (Array.isArray(given)) return this.#rows(request, { rows: given, at: 0 })
    else this.#row(request, given as Row, statement)
    return true
  }

  /** Answers consecutive requests. @param row As `packed` of the statement's batch returns it. */
  answerTogether(first: number, requests: number, row: Row, statement: Statement): void {
    const shape = this.#shapes.declare(this.#items, row, statement)
    this.#items.push(ownerOp.packed, first, shape, requests, row[INDEX] as string)
    this.#sent(this.#shapes.write(this.#items, row), requests)
  }

  /** Answers consecutive requests with nothing. */
  answerNothing(first: number, requests = 1): void {
    this.#credit.sentNothing()
    if (!this.#run.extend(this.#items, ownerOp.nothing, first, 0, requests)) {
      this.#items.push(ownerOp.nothing, first, requests)
      this.#run.begin(this.#items, ownerOp.nothing, first, 0, requests)
    }
    this.#flushLater()
  }

  answerSteps(request: number, steps: readonly (readonly Row[])[]): void {
    const items: Item[] = [ownerOp.steps, request, steps.length]
    let units = 0
    for (const rows of steps) {
      const rest = { rows, at: 0 }
      units += this.#writeRows(items, rest, rows.length, Number.POSITIVE_INFINITY)
    }
    for (const item of items) this.#items.push(item)
    this.#sent(units)
  }

  answerLock(request: number, answer: AnsweredLock): void {
    if (answer === undefined) {
      this.answerNothing(request)
      return
    }
    if (answer instanceof Granted) this.#items.push(ownerOp.granted, request, answer.token, answer.left)
    else this.#items.push(ownerOp.number, request, answer)
    this.#flushLater()
  }

  /** Answers consecutive requests with one error. */
  refuse(first: number, error: unknown, requests = 1): void {
    const text = writeError(error)
    for (let at = 0; at < requests; at++) this.notify(ownerOp.error, first + at, text)
  }

  /** Writes the next rows of an answer. @returns whether all of it was written. */
  more(request: number): boolean {
    const rest = this.#rests.get(request)
    return rest !== undefined && this.#rows(request, rest)
  }

  /** From now on does not wait for the client to read: sends answers of many rows whole, and leaves more of them unread. */
  stopWaiting(): void {
    this.#waits = false
    this.#credit.widen()
  }

  /** Sends what was written. */
  flush(): void {
    if (this.#items.length === 0) return
    const message = this.#items
    this.#items = []
    if (!this.#ended) this.#send(message)
  }

  /** Stops sending. */
  end(): void {
    this.#ended = true
  }

  #row(request: number, row: Row, statement: Statement | undefined): void {
    const shape = this.#shapes.declare(this.#items, row, statement)
    if (!this.#run.extend(this.#items, ownerOp.row, request, shape)) {
      this.#items.push(ownerOp.row, request, shape, 1)
      this.#run.begin(this.#items, ownerOp.row, request, shape)
    }
    const units = this.#shapes.write(this.#items, row)
    this.#run.end(this.#items)
    this.#sent(units)
  }

  #rows(request: number, rest: Rest): boolean {
    if (this.#ended) return true
    let whole = this.#piece(request, rest)
    while (!this.#waits && !whole) {
      this.flush()
      whole = this.#piece(request, rest)
    }
    return whole
  }

  #piece(request: number, rest: Rest): boolean {
    const items: Item[] = [ownerOp.rows, request, 0]
    const units = this.#writeRows(items, rest, PIECE.rows, PIECE.units)
    const whole = rest.at === rest.rows.length
    if (!whole) items[2] = 1
    for (const item of items) this.#items.push(item)
    this.#sent(units)
    if (whole) this.#rests.delete(request)
    else this.#rests.set(request, rest)
    return whole
  }

  /** A new shape is written at once, so it precedes `items`. @returns the approximate size of the rows in bytes. */
  #writeRows(items: Item[], rest: Rest, mostRows: number, mostUnits: number): number {
    const { rows, at: from } = rest
    const count = items.push(0) - 1
    if (from < rows.length) items.push(this.#shapes.declare(this.#items, rows[from] as Row))
    let units = 0
    for (; rest.at < rows.length && rest.at - from < mostRows && units < mostUnits; rest.at++) {
      units += this.#shapes.write(items, rows[rest.at] as Row)
    }
    items[count] = rest.at - from
    return units
  }

  #sent(units: number, answers = 1): void {
    if (this.#credit.sent(units, answers)) this.#items.push(ownerOp.mark)
    this.#flushLater()
  }
}
