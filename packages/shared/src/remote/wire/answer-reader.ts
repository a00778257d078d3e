import type { Row, TakeRows } from '../../driver/driver.js'
import { type Answer, Granted } from './answer.js'
import { unpackedRows } from './packed-rows.js'
import { ownerOp, WINDOW } from './protocol.js'
import { MalformedMessage, type Reader } from './reader.js'
import { readError } from './wire-error.js'

/** Receives the answers of the owner. */
export interface AnswerListener {
  answered(request: number, answer: Answer): void
  refused(request: number, error: Error, unmet: number | undefined): void
  /** A part of the rows has arrived, and the owner waits to be asked for more. @returns takes the part; `undefined` collects all. */
  pieceCame(request: number): TakeRows | undefined
}

/** Reads the answers of the owner. */
export class AnswerReader {
  readonly #listener: AnswerListener
  readonly #shapes: (readonly string[])[] = []
  /** The rows so far of answers that arrive in pieces, by request. */
  readonly #pieces = new Map<number, Row[]>()

  constructor(listener: AnswerListener) {
    this.#listener = listener
  }

  /** @returns whether the operation is an answer. @throws MalformedMessage */
  read(op: number, reader: Reader): boolean {
    switch (op) {
      case ownerOp.shape: {
        const number = reader.count()
        this.#shapes[number] = reader.values().map(String)
        return true
      }
      case ownerOp.nothing: {
        const [first, requests] = [reader.count(), reader.count()]
        for (let at = 0; at < requests; at++) this.#listener.answered(first + at, undefined)
        return true
      }
      case ownerOp.row: {
        const first = reader.count()
        const names = this.#shape(reader)
        const requests = reader.count()
        for (let at = 0; at < requests; at++) this.#listener.answered(first + at, this.#row(names, reader))
        return true
      }
      case ownerOp.packed: {
        const first = reader.count()
        const names = this.#shape(reader)
        const [requests, places] = [reader.count(), reader.text()]
        const columns = names.map(() => reader.text())
        if (requests > WINDOW.calls) throw new MalformedMessage('more is pending than a client may have')
        const rows = unpackedRows(names, places, columns, requests)
        for (let at = 0; at < requests; at++) this.#listener.answered(first + at, rows[at])
        return true
      }
      case ownerOp.rows:
        this.#readPiece(reader)
        return true
      case ownerOp.steps: {
        const request = reader.count()
        const steps = Array.from({ length: reader.count() }, () => this.#rows(reader))
        this.#listener.answered(request, steps)
        return true
      }
      case ownerOp.number:
        this.#listener.answered(reader.count(), reader.number())
        return true
      case ownerOp.granted:
        this.#listener.answered(reader.count(), new Granted(reader.count(), reader.number()))
        return true
      case ownerOp.error: {
        const request = reader.count()
        const { error, unmet } = readError(reader.text())
        this.#pieces.delete(request)
        this.#listener.refused(request, error, unmet)
        return true
      }
      default:
        return false
    }
  }

  #readPiece(reader: Reader): void {
    const request = reader.count()
    const more = reader.count() === 1
    const rows = this.#rows(reader)
    const take = more ? this.#listener.pieceCame(request) : undefined
    if (take !== undefined) {
      take(rows)
      return
    }
    const before = this.#pieces.get(request)
    const all = before ?? rows
    if (before !== undefined) for (const row of rows) before.push(row)
    if (more) this.#pieces.set(request, all)
    else {
      this.#pieces.delete(request)
      this.#listener.answered(request, all)
    }
  }

  #rows(reader: Reader): Row[] {
    const length = reader.count()
    if (length === 0) return []
    const names = this.#shape(reader)
    const rows: Row[] = []
    for (let left = length; left > 0; left--) rows.push(this.#row(names, reader))
    return rows
  }

  #shape(reader: Reader): readonly string[] {
    const names = this.#shapes[reader.count()]
    if (names === undefined) throw new MalformedMessage('a shape was not declared')
    return names
  }

  #row(names: readonly string[], reader: Reader): Row {
    const row: Row = {}
    for (const name of names) row[name] = reader.value()
    return row
  }
}
