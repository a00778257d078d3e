import type { Row } from '../driver/driver.js'
import type { AnsweredLock } from './client-locks.js'
import { type Item, PIECE, tell, unitsOf } from './protocol.js'
import { Granted } from './requests.js'
import { RowShapes } from './row-shapes.js'
import { writeError } from './wire-error.js'

/** What still has to be sent of the rows of an answer. */
interface Rest {
  readonly rows: readonly Row[]
  at: number
}

/** What the owner says to one user: answers as they come, in one message for a turn. */
export class Outgoing {
  readonly #send: (message: readonly Item[]) => void
  readonly #shapes = new RowShapes()
  readonly #rests = new Map<number, Rest>()
  #items: Item[] = []
  #flushing = false
  #inOneGo = false

  constructor(send: (message: readonly Item[]) => void) {
    this.#send = send
  }

  say(...items: Item[]): void {
    this.#items.push(...items)
    this.#flushLater()
  }

  /** @param given What a statement gave. @returns whether the answer is whole. */
  answer(request: number, given: Row | readonly Row[] | undefined): boolean {
    if (given === undefined) this.say(tell.nothing, request)
    else if (Array.isArray(given)) return this.#rows(request, { rows: given, at: 0 })
    else this.#row(request, given as Row)
    return true
  }

  answerSteps(request: number, steps: readonly (readonly Row[])[]): void {
    const items: Item[] = [tell.steps, request, steps.length]
    for (const rows of steps) this.#writeRows(items, rows, 0, rows.length)
    for (const item of items) this.#items.push(item)
    this.#flushLater()
  }

  answerLock(request: number, answer: AnsweredLock): void {
    if (answer instanceof Granted) this.say(tell.granted, request, answer.token, answer.left)
    else if (answer === undefined) this.say(tell.nothing, request)
    else this.say(tell.number, request, answer)
  }

  refuse(request: number, error: unknown): void {
    this.say(tell.error, request, writeError(error))
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
    this.#send(message)
  }

  #row(request: number, row: Row): void {
    const shape = this.#shapes.announce(this.#items, row)
    this.#items.push(tell.row, request, shape)
    this.#shapes.write(this.#items, row)
    this.#flushLater()
  }

  #rows(request: number, rest: Rest): boolean {
    let whole = this.#piece(request, rest)
    while (this.#inOneGo && !whole) {
      this.flush()
      whole = this.#piece(request, rest)
    }
    return whole
  }

  #piece(request: number, rest: Rest): boolean {
    const { rows, at: from } = rest
    for (let units = 0; rest.at < rows.length && rest.at - from < PIECE.rows && units < PIECE.units; rest.at++) {
      units += unitsOf(Object.values(rows[rest.at] as Row))
    }
    const whole = rest.at === rows.length
    const items: Item[] = [tell.rows, request, whole ? 0 : 1]
    this.#writeRows(items, rows, from, rest.at)
    for (const item of items) this.#items.push(item)
    this.#flushLater()
    if (whole) this.#rests.delete(request)
    else this.#rests.set(request, rest)
    return whole
  }

  /** A shape that is new is told before what `items` will be. */
  #writeRows(items: Item[], rows: readonly Row[], from: number, to: number): void {
    items.push(to - from)
    if (to === from) return
    items.push(this.#shapes.announce(this.#items, rows[from] as Row))
    for (let at = from; at < to; at++) this.#shapes.write(items, rows[at] as Row)
  }

  /** What settles together goes together. */
  #flushLater(): void {
    if (this.#flushing) return
    this.#flushing = true
    queueMicrotask(() => {
      this.#flushing = false
      this.flush()
    })
  }
}
