import type { Announcement, BatchSql, BoundTime, RowCount, Statement } from '../../queue/statement.js'
import type { Item } from './protocol.js'
import { MalformedMessage, type Reader } from './reader.js'

// Not JSON: the app may have added a `toJSON` to arrays. No name contains this character.
const SEPARATOR = '\0'

// Bits of one number.
const BACKGROUND = 1
const SCANS = 2

const KINDS = ['read', 'write'] as const
const ROWS = ['none', 'one', 'many'] as const
export const TIMES: readonly BoundTime[] = ['none', 'wall', 'lease']
const MATCHES = ['none', 'index', 'order', 'echo'] as const

/** Returns all fields of a statement as one text. */
export function contentOf(statement: Statement): string {
  const items: Item[] = []
  writeStatement(items, statement)
  return items.join(SEPARATOR)
}

/** Writes the declaration of a statement, whose calls then need only its number. */
export function writeStatement(out: Item[], statement: Statement): void {
  const { name, kind, rows, clocked, sql, background, scans, announces, batch } = statement
  const traits = (background ? BACKGROUND : 0) | (scans ? SCANS : 0)
  out.push(name, kind, rows, clocked, sql, traits, writeAnnouncement(announces))
  if (batch === undefined) out.push(null)
  else {
    const { sql, shared = 0, match, echo = [], distinct = false, bound = null, packed = null, tally } = batch
    out.push(
      sql,
      shared,
      match,
      echo.join(SEPARATOR),
      distinct ? 1 : 0,
      bound,
      packed,
      tally?.sql ?? null,
      tally?.column ?? null,
    )
  }
}

/** @throws MalformedMessage */
export function readStatement(reader: Reader): Statement {
  const name = reader.text()
  const kind = reader.oneOf(KINDS)
  const rows: RowCount = reader.oneOf(ROWS)
  const clocked = reader.oneOf(TIMES)
  const sql = reader.text()
  const traits = reader.count()
  const announces = readAnnouncement(reader.textOrNull())
  const batch = readBatch(reader)
  return {
    name,
    kind,
    rows,
    clocked,
    sql,
    ...((traits & BACKGROUND) !== 0 && { background: true }),
    ...((traits & SCANS) !== 0 && { scans: true }),
    ...(announces && { announces }),
    ...(batch && { batch }),
  }
}

export function writeAnnouncement(announces: Announcement | undefined): string | null {
  if (announces === undefined) return null
  if (announces.of === 'leaseTime') return announces.of + SEPARATOR + announces.column
  return 'table' in announces ? announces.of + SEPARATOR + announces.table : announces.of
}

const OF: readonly unknown[] = ['circuit', 'probe', 'claim']
const OF_TABLE: readonly unknown[] = ['entry', 'entries', 'entryRows', 'entryRange']

/** @throws MalformedMessage */
export function readAnnouncement(text: string | null): Announcement | undefined {
  if (text === null) return undefined
  const [of, table] = text.split(SEPARATOR)
  if (of === 'leaseTime' && table !== undefined) return { of, column: table }
  if (table === undefined && OF.includes(of)) return { of } as Announcement
  if (table !== undefined && OF_TABLE.includes(of)) return { of, table } as Announcement
  throw new MalformedMessage('there is no such announcement')
}

function readBatch(reader: Reader): BatchSql | undefined {
  const sql = reader.textOrNull()
  if (sql === null) return undefined
  const shared = reader.count()
  const match = reader.oneOf(MATCHES)
  const names = reader.text()
  const echo = names === '' ? [] : names.split(SEPARATOR)
  const distinct = reader.count() === 1
  const [bound, packed] = [reader.textOrNull(), reader.textOrNull()]
  const [tally, column] = [reader.textOrNull(), reader.textOrNull()]
  return {
    sql,
    match,
    ...(shared > 0 && { shared }),
    ...(echo.length > 0 && { echo }),
    ...(distinct && { distinct }),
    ...(bound !== null && { bound }),
    ...(packed !== null && { packed }),
    ...(tally !== null && column !== null && { tally: { sql: tally, column } }),
  }
}
