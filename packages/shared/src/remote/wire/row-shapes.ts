import type { Row, SqlValue } from '../../driver/driver.js'
import type { Statement } from '../../queue/statement.js'
import { type Item, tell, unitsOfItem } from './protocol.js'

/** By what a batch tells whose a row is; a call by itself has no such column. */
export const INDEX = 'i'

/** The columns of a row, which cross once and then by their number. */
interface Shape {
  readonly number: number
  readonly names: readonly string[]
}

/** Writes rows for one user. */
export class RowShapes {
  readonly #byNames = new Map<string, Shape>()
  readonly #isOwn: (statement: Statement) => boolean
  /** That of the last row, and the statement all of whose rows have it. */
  #last: Shape = { number: -1, names: [] }
  #ofLast: Statement | undefined

  /**
   * @param isOwn Whether the statement is one of our own, all of whose rows have the same columns. To look at those of each
   *   row costs 0.2 µs on `node:sqlite`. One that a user has declared may have others for many calls than for one, or after
   *   its table has got another column.
   */
  constructor(isOwn: (statement: Statement) => boolean) {
    this.#isOwn = isOwn
  }

  /**
   * Makes sure that the other end knows the shape of `row`, which is the first to be written.
   *
   * @param statement Of a store.
   * @returns its number.
   */
  announce(out: Item[], row: Row, statement?: Statement): number {
    if (statement !== undefined && statement === this.#ofLast) return this.#last.number
    const match = statement?.batch?.match
    const ofBatch = match === 'index' ? INDEX : undefined
    // In another order, or by an echo, the rows of many have a column by which they are told apart.
    const hasOneShape = (match === undefined || match === 'index') && statement !== undefined && this.#isOwn(statement)
    this.#ofLast = hasOneShape ? statement : undefined
    let at = 0
    const { names } = this.#last
    for (const name in row) if (name !== ofBatch && names[at++] !== name) return this.#find(out, row, ofBatch)
    return at === names.length ? this.#last.number : this.#find(out, row, ofBatch)
  }

  /** Writes the values of a row of the shape that was announced last. @returns about the bytes of it. */
  write(out: Item[], row: Row): number {
    let units = 0
    for (const name of this.#last.names) {
      const value = crossing(row[name] as SqlValue)
      out.push(value)
      units += unitsOfItem(value)
    }
    return units
  }

  #find(out: Item[], row: Row, without: string | undefined): number {
    const names = Object.keys(row).filter((name) => name !== without)
    // No column of ours has a comma in its name; those of the app's statements are quoted.
    const key = names.map((name) => JSON.stringify(name)).join()
    let shape = this.#byNames.get(key)
    if (shape === undefined) {
      shape = { number: this.#byNames.size, names }
      this.#byNames.set(key, shape)
      out.push(tell.shape, shape.number, names.length, ...names)
    }
    this.#last = shape
    return shape.number
  }
}

/** A view of a larger buffer would take the whole buffer with it. */
export function crossing(value: SqlValue): SqlValue {
  return typeof value === 'object' && value instanceof Uint8Array && value.byteLength !== value.buffer.byteLength
    ? new Uint8Array(value)
    : value
}
