import type { Row } from '../driver/driver.js'
import { ALL_NAMES, keyRange, type NameRange } from '../keys/key-range.js'
import { splitTagged, taggedNames } from '../keys/key-space.js'
import { nameOf, type PageStatement, type Position, type ValuePageStatement, walkRows } from '../session/row-walk.js'
import type { Session } from '../session/session.js'
import type { Inspected } from './database-inspection.js'
import { cursorOf, type ListPosition } from './list.js'
import type { PrefixItem } from './listed-rows.js'

/** A published table whose stored names show their prefix. Other tables have only rows of recorded prefixes. */
interface TaggedTable {
  readonly tag: 'cache:' | 'circuit:'
  readonly statement: PageStatement | ValuePageStatement
  /** `false` for a table whose rows have values. */
  readonly values?: false
}

/**
 * Yields the recorded prefixes, then those found only in rows, because a cache alone records none.
 *
 * @param limit The maximum number of prefixes; may be Infinity.
 */
export async function* listPrefixes(
  inspected: Inspected,
  start: ListPosition,
  limit: number,
): AsyncGenerator<PrefixItem, void, undefined> {
  const { session, sql, entries } = inspected
  const tables: readonly TaggedTable[] = [
    { tag: 'cache:', statement: entries, values: false },
    { tag: 'circuit:', statement: sql.circuits },
  ]
  let left = limit
  if (start.part === 0) {
    for await (const row of walkRows(session, sql.prefixes, { range: ALL_NAMES, from: start.from, most: left })) {
      yield { prefix: String(row.prefix), cursor: cursorOf(row, 0) }
      if (--left === 0) return
    }
  }
  for (const [at, table] of tables.entries()) {
    const part = at + 1
    if (part < start.part) continue
    const from = part === start.part ? start.from : undefined
    for await (const { prefix, end } of prefixesIn(session, table, from)) {
      if (await isRecorded(inspected, prefix)) continue
      if (await isInAny(session, tables.slice(0, at), prefix)) continue
      yield { prefix, cursor: cursorOf({ next: end }, part) }
      if (--left === 0) return
    }
  }
}

/**
 * Yields each prefix of the names of a table once, with the first name after those of the prefix. It jumps from prefix to prefix
 * in the index and does not read each row.
 */
async function* prefixesIn(
  session: Session,
  table: TaggedTable,
  from: Position = '',
): AsyncGenerator<{ readonly prefix: string; readonly end: string }, void, undefined> {
  let next = from
  for (;;) {
    const row = await firstRow(session, table, next)
    if (row === undefined) return
    const name = nameOf(row)
    const prefix = name === undefined ? undefined : splitTagged(name, table.tag)?.prefix
    if (prefix === undefined) {
      next = row.next as Position
      continue
    }
    const { end } = keyRange(taggedNames(prefix, table.tag).start)
    yield { prefix, end }
    next = end
  }
}

/** Returns the first row of the range from `from` on. */
async function firstRow(
  session: Session,
  { statement, values }: Pick<TaggedTable, 'statement' | 'values'>,
  from: Position,
  range: NameRange = ALL_NAMES,
): Promise<Row | undefined> {
  const walk = walkRows(session, statement, { range, from, most: 1, ...(values !== undefined && { values }) })
  const { value } = await walk.next()
  return value ?? undefined
}

/** Returns whether an adapter has used the prefix. */
export async function isRecorded({ session, sql }: Inspected, prefix: string): Promise<boolean> {
  return (await firstRow(session, { statement: sql.prefixes }, prefix))?.prefix === prefix
}

/** Returns whether one of the tables has a name with the prefix. */
async function isInAny(session: Session, tables: readonly TaggedTable[], prefix: string): Promise<boolean> {
  for (const table of tables) {
    const range = keyRange(taggedNames(prefix, table.tag).start)
    if ((await firstRow(session, table, range.first, range)) !== undefined) return true
  }
  return false
}
