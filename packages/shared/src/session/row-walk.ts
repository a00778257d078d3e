import type { Row } from '../driver/driver.js'
import type { NameRange } from '../keys/key-range.js'
import { allRows, type Statement } from '../queue/statement.js'
import { nextTurn } from '../time/clock.js'
import type { Session } from './session.js'

/**
 * A statement that reads a table in the order of its names. Parameters: from, first name and end of range, most rows. `from`
 * is a name, or what a row gives as `next`; rows before the first name are not read, whatever it is. `end` may be `null`.
 *
 * A row gives its `name`, and as `next` where the rows after it begin: the name and the least character that a name can
 * have. That is text; or bytes as the file has them, where a name may be no text.
 */
export type PageStatement = Statement<'many'>

/**
 * One whose rows have a value. A fifth parameter: most bytes of a value; -1 for no values. A row gives its `bytes`, and the
 * `value` itself unless it has more bytes than that.
 */
export type ValuePageStatement = Statement<'many'>

/** Where rows begin: a name, or the `next` of a row. */
export type Position = string | Uint8Array

// What a page may hold is bounded: rows are few, and larger values are read one at a time.
const PAGE_ROWS = 128
const LARGEST_VALUE_IN_PAGE = 64 * 1024

export interface WalkOptions {
  readonly range: NameRange
  /** Default: the first name of the range. */
  readonly from?: Position | undefined
  /** How many rows the caller takes at most, where that is known. */
  readonly most?: number
  /** Whether rows come with their values; absent for a {@link PageStatement}. */
  readonly values?: boolean
}

/**
 * The rows of a range, read by and by. No snapshot: each page is as the table is when it is read. Memory is bounded by a
 * page and the largest value.
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
      const name = values !== true || Number(row.bytes) <= LARGEST_VALUE_IN_PAGE ? undefined : nameOf(row)
      if (name === undefined) {
        yield row
        continue
      }
      const [whole] = await read(name, 1, Number.MAX_SAFE_INTEGER)
      // It may be gone meanwhile, and another one in its place.
      if (whole !== undefined && isSame(whole.next, row.next)) yield whole
    }
    const last = rows.at(-1)
    if (last === undefined || rows.length < count) return
    at = last.next as Position
    // A synchronous engine gives the event loop nothing between two pages.
    await nextTurn()
  }
}

/** The name of a row; `undefined` for bytes that are no text, or no text that a store binds. */
export function nameOf({ name, next }: Row): string | undefined {
  if (typeof name !== 'string' || name.includes('\0')) return undefined
  // An engine gives other characters for bytes that are no text.
  return typeof next === 'string' || isTextOf(name, next as Uint8Array) ? name : undefined
}

/** Whether `next` is `name` and a character, in an encoding that a file may have. */
function isTextOf(name: string, next: Uint8Array): boolean {
  const utf8 = Buffer.from(`${name}\0`)
  if (utf8.equals(next)) return true
  const utf16 = Buffer.from(`${name}\0`, 'utf16le')
  return utf16.equals(next) || utf16.swap16().equals(next)
}

function isSame(a: unknown, b: unknown): boolean {
  return a === b || (a instanceof Uint8Array && b instanceof Uint8Array && Buffer.compare(a, b) === 0)
}
