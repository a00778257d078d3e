import type { Row } from '../driver/driver.js'
import { ALL_NAMES, keyRange, type NameRange } from '../keys/key-range.js'
import { type NamedKey, qualifiedNames, splitQualified, splitTagged, taggedNames } from '../keys/key-space.js'
import { nameOf, type PageStatement, type Position, type ValuePageStatement, walkRows } from '../session/row-walk.js'
import type { Session } from '../session/session.js'
import type { Inspected } from './database-inspection.js'
import { cursorOf, type ListPosition } from './list.js'
import type { PrefixItem } from './listed-rows.js'

/** A table whose stored names show their prefix. */
interface Named {
  readonly statement: PageStatement | ValuePageStatement
  readonly values?: false
  /** Returns how the names of a prefix start. */
  startOf(prefix: string): string
  split(name: string): NamedKey | undefined
}

/**
 * Yields the recorded prefixes, then those found only in rows, because a cache alone records none. It jumps from prefix to prefix
 * in the index and does not read each row.
 */
export async function* listPrefixes(
  session: Session,
  { sql, entries }: Inspected,
  start: ListPosition,
  limit: number,
): AsyncGenerator<PrefixItem, void, undefined> {
  const tables: readonly Named[] = [
    tagged('cache:', { statement: entries, values: false }),
    tagged('circuit:', { statement: sql.circuits }),
    { statement: sql.locks, startOf: (prefix) => qualifiedNames(prefix).start, split: splitQualified },
  ]
  const first = async (
    { statement, values }: Pick<Named, 'statement' | 'values'>,
    from: Position,
    range: NameRange = ALL_NAMES,
  ): Promise<Row | undefined> => {
    const walk = walkRows(session, statement, { range, from, most: 1, ...(values !== undefined && { values }) })
    const { value } = await walk.next()
    return value ?? undefined
  }
  const isListed = async (prefix: string, before: readonly Named[]): Promise<boolean> => {
    const settled = await first({ statement: sql.prefixes }, prefix)
    if (settled?.prefix === prefix) return true
    for (const table of before) {
      const range = keyRange(table.startOf(prefix))
      if ((await first(table, range.first, range)) !== undefined) return true
    }
    return false
  }

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
    let from: Position | undefined = part === start.part ? (start.from ?? '') : ''
    while (from !== undefined) {
      const row: Row | undefined = await first(table, from)
      if (row === undefined) break
      const name = nameOf(row)
      const prefix = name === undefined ? undefined : table.split(name)?.prefix
      // Continue with the first name after those of the prefix.
      from = prefix === undefined ? (row.next as Position) : keyRange(table.startOf(prefix)).end
      if (prefix === undefined || (await isListed(prefix, tables.slice(0, at)))) continue
      yield { prefix, cursor: cursorOf({ next: from }, part) }
      if (--left === 0) return
    }
  }
}

function tagged(tag: 'cache:' | 'circuit:', of: Pick<Named, 'statement' | 'values'>): Named {
  return { ...of, startOf: (prefix) => taggedNames(prefix, tag).start, split: (name) => splitTagged(name, tag) }
}
