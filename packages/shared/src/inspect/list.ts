import { invalidCallOption } from '../arguments/invalid.js'
import type { Row } from '../driver/driver.js'
import { hasCode, PersistenceError } from '../errors/persistence-error.js'
import { nameOf, type PageStatement, type Position, type ValuePageStatement, walkRows } from '../session/row-walk.js'
import type { Session } from '../session/session.js'
import type { Item, Listed } from './listed-rows.js'
import type { Naming } from './naming.js'
import type { RowReader } from './read-rows.js'

/** A list of `Info`: the rows of several statements, one statement after another. */
export interface Listing<Info> {
  readonly operation: string
  readonly statements: readonly (PageStatement | ValuePageStatement)[]
  readonly naming: Naming
  readonly reader: RowReader<Info>
  /** Whether the list includes an item. */
  readonly wants: (info: Info) => boolean
}

/** The position where a list continues. */
export interface ListPosition {
  /** The index of the statement whose rows are listed. */
  readonly part: number
  /** Where the rows start; `undefined` for the first row. */
  readonly from: Position | undefined
}

const START: ListPosition = { part: 0, from: undefined }

/** Yields the items of a list from `start` on. @param limit The maximum number of items; may be Infinity. */
export async function* listItems<Info>(
  session: Session,
  listing: Listing<Info>,
  start: ListPosition,
  limit: number,
): AsyncGenerator<Item<Info>, void, undefined> {
  if (!session.ready) await session.connect(listing.operation)
  const { hasValues, addValue } = listing.reader
  const values = hasValues ? { values: addValue !== undefined } : {}
  const ranges = await listing.naming.ranges()
  let left = limit
  for (const [part, statement] of listing.statements.entries()) {
    if (part < start.part) continue
    for (const range of ranges) {
      const from = part === start.part ? start.from : undefined
      for await (const row of walkRows(session, statement, { range, from, most: left, ...values })) {
        const item = await itemOf(listing, row, part)
        if (item === undefined) continue
        yield item
        if (--left === 0) return
      }
    }
  }
}

/** Decodes a cursor. @throws PersistenceError `INVALID_ARGUMENT` for a value that is not the `cursor` of an item. */
export function positionOf(cursor: unknown, operation: string): ListPosition {
  if (cursor === undefined) return START
  const [, part, kind, text] = (typeof cursor === 'string' && /^(\d)([bt])([\w-]*)$/.exec(cursor)) || []
  if (part === undefined || text === undefined) {
    throw invalidCallOption(operation, 'after', cursor, 'the cursor of an item')
  }
  const bytes = Buffer.from(text, 'base64url')
  return { part: Number(part), from: kind === 't' ? bytes.toString('utf8') : bytes }
}

export function cursorOf({ next }: Row, part: number): string {
  return typeof next === 'string'
    ? `${part}t${Buffer.from(next).toString('base64url')}`
    : `${part}b${bytesOf(next as Uint8Array).toString('base64url')}`
}

async function itemOf<Info>(
  { operation, naming, reader, wants }: Listing<Info>,
  row: Row,
  part: number,
): Promise<Item<Info> | undefined> {
  const name = nameOf(row)
  const named = name === undefined ? undefined : await naming.split(name)
  const at: Listed = { prefix: named?.prefix ?? null, key: named?.key ?? shownName(row), cursor: cursorOf(row, part) }
  let info: Info | undefined
  try {
    if (name === undefined) throw unreadableName(at.key, operation)
    info = reader.read(row)
    if (info === undefined || !wants(info)) return undefined
    return { ...at, ...(reader.addValue?.(info, row, name) ?? info) }
  } catch (error) {
    if (!(hasCode(error, 'VALUE_UNREADABLE') || hasCode(error, 'RESULT_NOT_STORED'))) throw error
    return { ...at, ...(info as Partial<Info>), unreadable: error }
  }
}

function unreadableName(name: string, operation: string): PersistenceError {
  return new PersistenceError(
    'VALUE_UNREADABLE',
    operation,
    `${operation}: the key of the row ${JSON.stringify(name)} is no text; no call of ours made it, and none can name it`,
  )
}

function bytesOf(position: Position): Buffer {
  return typeof position === 'string'
    ? Buffer.from(position)
    : Buffer.from(position.buffer, position.byteOffset, position.byteLength)
}

const shownName = ({ next }: Row): string =>
  bytesOf(next as Position)
    .toString('utf8')
    .slice(0, -1)
