import type { Row, SqlValue } from '../driver/driver.js'
import type { Statement } from '../queue/statement.js'
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
  /** That of the last row. */
  #last: Shape = { number: -1, names: [] }

  /**
   * Makes sure that the other end knows the shape of `row`, which is the first of its execution to be written. Not for each
   * statement once: one that a user has declared may have other columns for many calls than for one, or after a table has
   * got another column.
   *
   * @param statement Of a store.
   * @returns its number.
   */
  announce(out: Item[], row: Row, statement?: Statement): number {
    const ofBatch = statement?.batch?.match === 'index' ? INDEX : undefined
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
