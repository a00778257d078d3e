import type { Row } from '../driver/driver.js'
import type { NameRange } from '../keys/key-range.js'
import { allRows, type Statement } from '../queue/statement.js'
import { nextTurn } from '../time/clock.js'
import type { Session } from './session.js'

/**
 * A statement that reads a table in the order of its names. Parameters: from, first name and end of range, maximum number of
 * rows. `from` is a name, or the `next` of a row; rows before the first name are never read. `end` may be `null`.
 *
 * A row has its `name`, and in `next` where the rows after it begin: the name followed by the smallest character that a name can
 * have. That is text, or bytes as stored in the file when a name may not be valid text.
 */
export type PageStatement = Statement<'many'>

/**
 * A page statement whose rows have a value. A fifth parameter: the maximum bytes of a value; -1 for no values. A row has its
 * `bytes`, and the `value` unless it is longer than that.
 */
export type ValuePageStatement = Statement<'many'>

/** Where rows begin: a name, or the `next` of a row. */
export type Position = string | Uint8Array

// Bounds the memory of a page: it has few rows, and larger values are read one at a time.
const PAGE_ROWS = 128
const LARGEST_VALUE_IN_PAGE = 64 * 1024

export interface WalkOptions {
  readonly range: NameRange
  /** Default: the first name of the range. */
  readonly from?: Position | undefined
  /** The maximum number of rows that the caller uses, if known. */
  readonly most?: number
  /** Whether rows include their values; absent for a {@link PageStatement}. */
  readonly values?: boolean
}

/**
 * Yields the rows of a range. Not a snapshot: each page shows the present state of the table. Memory is bounded by a page and the
 * largest value.
 */
export async function* walkRows(
  session: Session,
  statement: PageStatement | ValuePageStatement,
  { range, from, most = PAGE_ROWS, values }: WalkOptions,
): AsyncGenerator<Row, void, undefined> {
  const count = Math.min(most, PAGE_ROWS)
  const { first, end } = range
  const read = (at: Position, rows: number, bytes: number): readonly Row[] | Promise<readonly Row[]> =>
    session.execute(statement, [at, first, end, rows, ...(values === undefined ? [] : [bytes])], allRows)
  for (let at = from ?? first; ; ) {
    const rows = await read(at, count, values ? LARGEST_VALUE_IN_PAGE : -1)
    for (const row of rows) {
      const lacksValue = values === true && Number(row.bytes) > LARGEST_VALUE_IN_PAGE
      const name = lacksValue ? nameOf(row) : undefined
      if (name === undefined) {
        yield row
        continue
      }
      const [whole] = await read(name, 1, Number.MAX_SAFE_INTEGER)
      // The row may be gone meanwhile, and another one in its place.
      if (whole !== undefined && isSame(whole.next, row.next)) yield whole
    }
    const last = rows.at(-1)
    if (last === undefined || rows.length < count) return
    at = last.next as Position
    // The queue of a synchronous engine gives the event loop a turn only after several pages.
    await nextTurn()
  }
}

/** Returns the name of a row; `undefined` for bytes that are not valid text, or text that a store cannot bind. */
export function nameOf({ name, next }: Row): string | undefined {
  if (typeof name !== 'string' || name.includes('\0')) return undefined
  // An engine returns other characters for bytes that are not valid text.
  return typeof next === 'string' || isTextOf(name, next as Uint8Array) ? name : undefined
}

/** Returns whether `next` is `name` followed by one character, in an encoding that a file may have. */
function isTextOf(name: string, next: Uint8Array): boolean {
  const utf8 = Buffer.from(`${name}\0`)
  if (utf8.equals(next)) return true
  const utf16 = Buffer.from(`${name}\0`, 'utf16le')
  return utf16.equals(next) || utf16.swap16().equals(next)
}

function isSame(a: unknown, b: unknown): boolean {
  return a === b || (a instanceof Uint8Array && b instanceof Uint8Array && Buffer.compare(a, b) === 0)
}
