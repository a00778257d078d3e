import type { CircuitInfo, ResultInfo } from '@go-go-scope/persistence-core/public'
import { NewerFormatError, UsageError } from '../exit-codes.js'
import { EXPORTED_ITEMS } from '../schemas/exported.js'
import type { Schema } from '../schemas/schema.js'

/** The first line of an export. */
const FORMAT = 'scopedb-export'
const VERSION = 1

/** The kinds of items, in the order of an export. Locks and claims are not exported, because they belong to processes. */
export const KINDS = ['circuit', 'result', 'checkpoint', 'cache'] as const
export type Kind = (typeof KINDS)[number]

interface Of<Name extends Kind> {
  readonly kind: Name
  readonly prefix: string
}

/** Values are the stored texts, which only the app's codec can decode. Times are epoch ms. */
export interface EntryItem extends Of<'cache'> {
  readonly key: string
  readonly value: string
  readonly expiresAt?: number
}

export interface ResultItem extends Of<'result'> {
  readonly key: string
  readonly outcome: ResultInfo['outcome']
  /** Absent if the outcome is `unstored`. */
  readonly value?: string
  /** Why the value could not be stored. */
  readonly reason?: string
  readonly fingerprint?: string
  readonly expiresAt?: number
}

export interface CheckpointItem extends Of<'checkpoint'> {
  readonly id: string
  readonly taskId: string
  readonly sequence: number
  readonly timestamp: number
  readonly progress: number
  readonly data: string
  readonly estimatedTimeRemaining?: number
}

export interface CircuitItem
  extends Of<'circuit'>,
    Pick<
      CircuitInfo,
      'state' | 'failures' | 'isolated' | 'openedAt' | 'lastFailureAt' | 'lastSuccessAt' | 'updatedAt'
    > {
  readonly key: string
}

export type ExportedItem = EntryItem | ResultItem | CheckpointItem | CircuitItem

/** A number of items, for people. */
export function shownCount(count: number, kind: Kind): string {
  const name = kind === 'cache' ? 'cache entr' : kind
  return `${count} ${name}${kind === 'cache' ? (count === 1 ? 'y' : 'ies') : count === 1 ? '' : 's'}`
}

/** The number of items of each kind. */
export type Counts = Record<Kind, number>

export const none = (): Counts => ({ circuit: 0, result: 0, checkpoint: 0, cache: 0 })

export const firstLine = (at: number): string => JSON.stringify({ format: FORMAT, version: VERSION, at })
export const lastLine = (items: Counts): string => JSON.stringify({ end: true, items })

/** @throws UsageError if the file is not an export; NewerFormatError. */
export function checkFirstLine(line: string | undefined): void {
  const { format, version } = objectIn(line ?? '') ?? {}
  if (format !== FORMAT || typeof version !== 'number') {
    throw new UsageError(`this is no export of scopedb: its first line is not {"format":"${FORMAT}",…}`)
  }
  if (version > VERSION) {
    throw new NewerFormatError(`the export has format ${version}, and this program reads up to ${VERSION}; update it`)
  }
}

/**
 * Parses a line after the first.
 *
 * @returns the counts of the last line, or an item.
 * @throws UsageError for anything else.
 */
export function readLine(line: string, number: number): ExportedItem | { readonly items: Counts } {
  const read = objectIn(line)
  if (read?.end === true) return { items: { ...none(), ...(read.items as Counts) } }
  const wrong = read === undefined || !KINDS.includes(read.kind as Kind) ? 'kind' : wrongField(read)
  if (wrong !== undefined) {
    const what = read?.[wrong] === undefined ? `it has no ${wrong}` : `its ${wrong} is ${JSON.stringify(read[wrong])}`
    throw new UsageError(`line ${number} is no item of an export: ${what}`)
  }
  return read as unknown as ExportedItem
}

/** Returns the name of a field that does not fit the schema of exports; `undefined` if all fit. */
export function wrongField(item: Readonly<Record<string, unknown>>): string | undefined {
  const { properties = {}, required = [] } = EXPORTED_ITEMS[item.kind as Kind]
  // The only field that depends on another one.
  const needed = item.kind === 'result' && item.outcome !== 'unstored' ? [...required, 'value'] : required
  return needed.find((name) => item[name] === undefined) ?? wrongType(item, properties)
}

function wrongType(item: Readonly<Record<string, unknown>>, properties: Readonly<Record<string, Schema>>) {
  const fits = (value: unknown, { type, enum: allowed }: Schema): boolean =>
    allowed?.includes(value) ??
    (type === 'integer' ? Number.isSafeInteger(value) : typeof value === type && !Number.isNaN(value))
  return Object.keys(properties).find(
    (name) => item[name] !== undefined && !fits(item[name], properties[name] as Schema),
  )
}

function objectIn(line: string): Record<string, unknown> | undefined {
  try {
    const read: unknown = JSON.parse(line)
    return typeof read === 'object' && read !== null ? (read as Record<string, unknown>) : undefined
  } catch {
    // Not JSON, so not a line of ours.
    return undefined
  }
}
