import type { Row, SqlValue } from '../../driver/driver.js'
import type { Statement } from '../../queue/statement.js'
import { crossing } from './parameters.js'
import { type Item, ownerOp, unitsOfItem } from './protocol.js'

/** The column that tells which call of a batch a row belongs to. A single call has no such column. */
export const INDEX = 'i'

/** The columns of a row. They are sent once, and referred to by number from then on. */
interface Shape {
  readonly number: number
  readonly names: readonly string[]
}

/** Writes rows for one client. */
export class RowShapes {
  readonly #byNames = new Map<string, Shape>()
  readonly #isOwn: (statement: Statement) => boolean
  /** The shape of the last row, and the statement all of whose rows have that shape. */
  #last: Shape = { number: -1, names: [] }
  #ofLast: Statement | undefined

  /**
   * @param isOwn Whether the statement is one of our own, all of whose rows have the same columns: checking the columns of
   *   each row costs 0.2 µs on `node:sqlite`. A statement that a client has declared may return other columns for many calls
   *   than for one, or after a column was added to its table.
   */
  constructor(isOwn: (statement: Statement) => boolean) {
    this.#isOwn = isOwn
  }

  /**
   * Declares the shape of `row`, the next row to be written, unless the other end knows it.
   *
   * @param statement The statement of a store, if the row is of one.
   * @returns the number of the shape.
   */
  declare(out: Item[], row: Row, statement?: Statement): number {
    if (statement !== undefined && statement === this.#ofLast) return this.#last.number
    const match = statement?.batch?.match
    const ofBatch = match === 'index' ? INDEX : undefined
    // Batches that match by order or echo return an additional column, which tells the rows apart.
    const hasOneShape = (match === undefined || match === 'index') && statement !== undefined && this.#isOwn(statement)
    this.#ofLast = hasOneShape ? statement : undefined
    let at = 0
    const { names } = this.#last
    for (const name in row) if (name !== ofBatch && names[at++] !== name) return this.#find(out, row, ofBatch)
    return at === names.length ? this.#last.number : this.#find(out, row, ofBatch)
  }

  /** Writes the values of a row of the shape that was declared last. @returns their approximate size in bytes. */
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
    // Quoted, because a column name of the app's statements may contain a comma.
    const key = names.map((name) => JSON.stringify(name)).join()
    let shape = this.#byNames.get(key)
    if (shape === undefined) {
      shape = { number: this.#byNames.size, names }
      this.#byNames.set(key, shape)
      out.push(ownerOp.shape, shape.number, names.length, ...names)
    }
    this.#last = shape
    return shape.number
  }
}
