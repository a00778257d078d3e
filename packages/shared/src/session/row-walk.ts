import type { Row } from '../driver/driver.js'
import type { NameRange } from '../keys/key-range.js'
import type { Statement } from '../queue/statement.js'
import { nextTurn } from '../time/clock.js'
import type { Session } from './session.js'

/**
 * A statement that reads a table in the order of its names. Parameters: from, end of range, most rows. `from` is the first
 * name that may be read, or what a row gives as `next`; `end` may be `null`.
 *
 * A row gives `next`, which is where the rows after it begin: its name and the least character that a name can have. It
 * is text, or bytes where names in a file may be no text.
 */
export type PageStatement = Statement<'many'>

/**
 * One whose rows have a value. A fourth parameter: most bytes of a value; -1 for no values. A row gives its `bytes`, and
 * the `value` itself unless it has more bytes than that.
 */
export type ValuePageStatement = Statement<'many'>

/** Where rows begin: a name, or the `next` of a row. */
export type Position = string | Uint8Array

// What a page may hold is bounded: rows are few, and larger values are read one at a time.
const PAGE_ROWS = 128
const LARGEST_VALUE_IN_PAGE = 64 * 1024

export interface WalkOptions {
  readonly from: Position
  readonly end: NameRange['end']
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
  { from, end, most = PAGE_ROWS, values }: WalkOptions,
): AsyncGenerator<Row, void, undefined> {
  const count = Math.min(most, PAGE_ROWS)
  const read = (at: Position, rows: number, bytes: number): readonly Row[] | Promise<readonly Row[]> =>
    session.execute(statement, values === undefined ? [at, end, rows] : [at, end, rows, bytes], allRows)
  for (let at = from; ; ) {
    const rows = await read(at, count, values ? LARGEST_VALUE_IN_PAGE : -1)
    for (const row of rows) {
      if (values !== true || Number(row.bytes) <= LARGEST_VALUE_IN_PAGE) {
        yield row
        continue
      }
      const [whole] = await read(nameAt(row), 1, Number.MAX_SAFE_INTEGER)
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
export function nameOf(row: Row): string | undefined {
  const name = nameAt(row)
  if (typeof name === 'string') return name
  const text = Buffer.from(name.buffer, name.byteOffset, name.byteLength).toString('utf8')
  return Buffer.from(text).equals(name) && !text.includes('\0') ? text : undefined
}

/** The name of a row, as it stands in the table. */
function nameAt({ next }: Row): Position {
  return typeof next === 'string' ? next.slice(0, -1) : (next as Uint8Array).subarray(0, -1)
}

function isSame(a: unknown, b: unknown): boolean {
  return a === b || (a instanceof Uint8Array && b instanceof Uint8Array && Buffer.compare(a, b) === 0)
}

const allRows = (rows: readonly Row[]): readonly Row[] => rows
