import type { Row } from '../../driver/driver.js'
import { Fifo } from '../../queue/fifo.js'
import type { Statement } from '../../queue/statement.js'
import { inMicrotask } from '../../time/clock.js'
import { type AnsweredLock, Granted } from './answer.js'
import { type Item, PIECE, tell, WINDOW } from './protocol.js'
import { INDEX, RowShapes } from './row-shapes.js'
import { Run } from './run.js'
import { writeError } from './wire-error.js'

/** What still has to be sent of the rows of an answer. */
interface Rest {
  readonly rows: readonly Row[]
  at: number
}

/** What the owner says to one user: answers as they come, in one message for a turn. */
export class Outgoing {
  readonly #send: (message: Item[]) => void
  readonly #shapes: RowShapes
  readonly #run = new Run()
  readonly #rests = new Map<number, Rest>()
  #items: Item[] = []
  #flushing = false
  #inOneGo = false
  #over = false
  /** About the bytes of answers that the user has not taken, and of those that were sent before each mark. */
  #untaken = 0
  #unmarked = 0
  /** About the bytes of an answer, of late. */
  usual = 0
  readonly #marked = new Fifo<number>()

  /** @param isOwn See {@link RowShapes}; absent: none is. */
  constructor(send: (message: Item[]) => void, isOwn: (statement: Statement) => boolean = () => false) {
    this.#send = send
    this.#shapes = new RowShapes(isOwn)
  }

  /** How many more answers the user may have than it has not taken, and than `coming` more will be. */
  roomBeside(coming: number): number {
    if (this.#inOneGo) return Number.POSITIVE_INFINITY
    const units = WINDOW.units - this.#untaken - coming * this.usual
    return units < 0 ? 0 : 1 + Math.floor(units / Math.max(this.usual, 1))
  }

  /** The user has taken what was sent before a mark. */
  taken(): void {
    for (const units of this.#marked.take(1)) this.#untaken -= units
  }

  say(...items: Item[]): void {
    this.#items.push(...items)
    this.#flushLater()
  }

  /**
   * @param given What a statement gave.
   * @param statement Of a store, if it is one of those.
   * @returns whether the answer is whole.
   */
  answer(request: number, given: Row | readonly Row[] | undefined, statement?: Statement): boolean {
    if (given === undefined) this.answerNothing(request)
    else if (Array.isArray(given)) return this.#rows(request, { rows: given, at: 0 })
    else this.#row(request, given as Row, statement)
    return true
  }

  /** Answers requests that follow one another. @param row As `packed` of the statement's batch gives it. */
  answerTogether(first: number, requests: number, row: Row, statement: Statement): void {
    const shape = this.#shapes.announce(this.#items, row, statement)
    this.#items.push(tell.packed, first, shape, requests, row[INDEX] as string)
    this.#sent(this.#shapes.write(this.#items, row), requests)
  }

  /** Answers requests that follow one another. */
  answerNothing(first: number, requests = 1): void {
    this.usual -= this.usual / 8
    if (!this.#run.goesOn(this.#items, tell.nothing, first, 0, requests)) {
      this.#items.push(tell.nothing, first, requests)
      this.#run.begin(this.#items, tell.nothing, first, 0, requests)
    }
    this.#flushLater()
  }

  answerSteps(request: number, steps: readonly (readonly Row[])[]): void {
    const items: Item[] = [tell.steps, request, steps.length]
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
    if (answer instanceof Granted) this.#items.push(tell.granted, request, answer.token, answer.left)
    else this.#items.push(tell.number, request, answer)
    this.#flushLater()
  }

  /** Refuses requests that follow one another. */
  refuse(first: number, error: unknown, requests = 1): void {
    const text = writeError(error)
    for (let at = 0; at < requests; at++) this.say(tell.error, first + at, text)
  }

  /** The user has taken a piece. @returns whether the answer is whole now. */
  more(request: number): boolean {
    const rest = this.#rests.get(request)
    return rest !== undefined && this.#rows(request, rest)
  }

  /** The owner leaves: from now on a user that asks for no further pieces gets all of them, one after the other. */
  sendInOneGo(): void {
    this.#inOneGo = true
  }

  /** Sends what there is. */
  flush(): void {
    if (this.#items.length === 0) return
    const message = this.#items
    this.#items = []
    if (!this.#over) this.#send(message)
  }

  /** Sends nothing any more. */
  end(): void {
    this.#over = true
  }

  #row(request: number, row: Row, statement: Statement | undefined): void {
    const shape = this.#shapes.announce(this.#items, row, statement)
    if (!this.#run.goesOn(this.#items, tell.row, request, shape)) {
      this.#items.push(tell.row, request, shape, 1)
      this.#run.begin(this.#items, tell.row, request, shape)
    }
    const units = this.#shapes.write(this.#items, row)
    this.#run.wrote(this.#items)
    this.#sent(units)
  }

  #rows(request: number, rest: Rest): boolean {
    if (this.#over) return true
    let whole = this.#piece(request, rest)
    while (this.#inOneGo && !whole) {
      this.flush()
      whole = this.#piece(request, rest)
    }
    return whole
  }

  #piece(request: number, rest: Rest): boolean {
    const items: Item[] = [tell.rows, request, 0]
    const units = this.#writeRows(items, rest, PIECE.rows, PIECE.units)
    const whole = rest.at === rest.rows.length
    if (!whole) items[2] = 1
    for (const item of items) this.#items.push(item)
    this.#sent(units)
    if (whole) this.#rests.delete(request)
    else this.#rests.set(request, rest)
    return whole
  }

  /** A shape that is new is told before what `items` will be. @returns about the bytes of the rows. */
  #writeRows(items: Item[], rest: Rest, mostRows: number, mostUnits: number): number {
    const { rows, at: from } = rest
    const count = items.push(0) - 1
    if (from < rows.length) items.push(this.#shapes.announce(this.#items, rows[from] as Row))
    let units = 0
    for (; rest.at < rows.length && rest.at - from < mostRows && units < mostUnits; rest.at++) {
      units += this.#shapes.write(items, rows[rest.at] as Row)
    }
    items[count] = rest.at - from
    return units
  }

  #sent(units: number, answers = 1): void {
    this.usual += (units / answers - this.usual) * Math.min(1, answers / 8)
    this.#untaken += units
    this.#unmarked += units
    if (this.#unmarked >= PIECE.units) {
      this.#items.push(tell.mark)
      this.#marked.push(this.#unmarked)
      this.#unmarked = 0
    }
    this.#flushLater()
  }

  /** What settles together goes together. */
  #flushLater(): void {
    if (this.#flushing) return
    this.#flushing = true
    inMicrotask(() => {
      this.#flushing = false
      this.flush()
    })
  }
}
