import type { CircuitInfo, ResultInfo } from '@go-go-scope/persistence-core/public'
import { NewerFormatError, UsageError } from '../exit-codes.js'
import { EXPORTED_ITEMS } from '../schemas/exported.js'
import type { Schema } from '../schemas/schema.js'

/** The first line of an export. */
const FORMAT = 'scopedb-export'
const VERSION = 1

/** The kinds of items, in the order in which an export has them. Locks and claims are not among them: they are of processes. */
export const KINDS = ['circuit', 'result', 'checkpoint', 'cache'] as const
export type Kind = (typeof KINDS)[number]

interface Of<Name extends Kind> {
  readonly kind: Name
  readonly prefix: string
}

/** Values are the texts in which they are stored: an app's codec alone can read them. Times are epoch ms. */
export interface EntryItem extends Of<'cache'> {
  readonly key: string
  readonly value: string
  readonly expiresAt?: number
}

export interface ResultItem extends Of<'result'> {
  readonly key: string
  readonly outcome: ResultInfo['outcome']
  /** Absent where the outcome is `unstored`. */
  readonly value?: string
  /** Why it could not be stored. */
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

/** How many items of each kind. */
export type Counts = Record<Kind, number>

export const none = (): Counts => ({ circuit: 0, result: 0, checkpoint: 0, cache: 0 })

export const firstLine = (at: number): string => JSON.stringify({ format: FORMAT, version: VERSION, at })
export const lastLine = (items: Counts): string => JSON.stringify({ end: true, items })

/** @throws UsageError for what is no export, NewerFormatError. */
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
 * What a line behind the first says.
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

/** The name of a field that is not as the schema of exports has it. */
function wrongField(item: Readonly<Record<string, unknown>>): string | undefined {
  const { properties = {}, required = [] } = EXPORTED_ITEMS[item.kind as Kind]
  // The one field that another decides about.
  const needed = item.kind === 'result' && item.outcome !== 'unstored' ? [...required, 'value'] : required
  return needed.find((name) => item[name] === undefined) ?? wrongType(item, properties)
}

function wrongType(item: Readonly<Record<string, unknown>>, properties: Readonly<Record<string, Schema>>) {
  const fits = (value: unknown, { type, enum: allowed }: Schema): boolean =>
    allowed?.includes(value) ?? (type === 'integer' ? Number.isSafeInteger(value) : typeof value === type)
  return Object.keys(properties).find(
    (name) => item[name] !== undefined && !fits(item[name], properties[name] as Schema),
  )
}

function objectIn(line: string): Record<string, unknown> | undefined {
  try {
    const read: unknown = JSON.parse(line)
    return typeof read === 'object' && read !== null ? (read as Record<string, unknown>) : undefined
  } catch {
    // Whatever it is, it is none of ours.
    return undefined
  }
}
