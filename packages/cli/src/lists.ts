import type {
  CircuitInfo,
  ClaimInfo,
  EntryInfo,
  Inspection,
  Item,
  LockInfo,
  OwnerProcess,
  PrefixItem,
  ResultInfo,
  TaskInfo,
} from '@go-go-scope/persistence-core/public'
import { bytes, duration } from '@go-go-scope/persistence-inspector/format'
import {
  cell,
  type Format,
  fromNow,
  paint,
  prefixCell,
  prefixName,
  progressBar,
  table,
  toJson,
  write,
} from './output.js'

/** The options of all lists. */
export interface Asked {
  readonly startsWith?: string
  readonly limit?: number
  readonly expired?: boolean
  readonly values?: boolean
}

/** One list of `scopedb`. */
export interface List<Info> {
  /** Describes the list in the help. */
  readonly about: string
  readonly takes: readonly (keyof Asked)[]
  readonly items: (inspection: Inspection, asked: Asked) => AsyncIterable<Item<Info>>
  readonly head: readonly string[]
  readonly cells: (item: Partial<Info>) => readonly string[]
  /** Why the list may be empty although the app has such items. */
  readonly notListed?: string
}

const held = (is: boolean | undefined): string => (is === true ? paint('green', 'held') : 'over')

const LOCKS: List<LockInfo> = {
  about: 'locks in the database, with their holders',
  takes: ['startsWith', 'limit', 'expired'],
  items: (inspection, asked) => inspection.locks(asked),
  head: ['state', 'owner', 'token', 'holds', 'ends'],
  cells: ({ held: is, owner = '', process, token, holds, expiresAt }) => [
    held(is),
    ownerCell(owner, process),
    String(token),
    String(holds),
    fromNow(expiresAt),
  ],
  notListed: "locks of adapters with locks: 'process', the default on files, are in the memory of their process",
}

const CIRCUITS: List<CircuitInfo> = {
  about: 'circuit breakers',
  takes: ['startsWith', 'limit'],
  items: (inspection, asked) => inspection.circuits(asked),
  head: ['state', 'failures', 'opened', 'last failure', 'probes'],
  cells: ({ state = 'closed', isolated, failures, openedAt, lastFailureAt, probes = [] }) => [
    paint(state === 'closed' ? 'green' : 'red', isolated ? 'isolated' : state),
    String(failures),
    openedAt === undefined ? '' : fromNow(openedAt),
    lastFailureAt === undefined ? '' : fromNow(lastFailureAt),
    probes.map(({ owner, process }) => ownerCell(owner, process)).join(', '),
  ],
}

const CLAIMS: List<ClaimInfo> = {
  about: 'claimed idempotency keys',
  takes: ['startsWith', 'limit', 'expired'],
  items: (inspection, asked) => inspection.claims(asked),
  head: ['state', 'owner', 'generation', 'granted', 'lease ends'],
  cells: ({ held: is, owner = '', process, generation, grantedAt, until }) => [
    held(is),
    ownerCell(owner, process),
    String(generation),
    fromNow(grantedAt),
    fromNow(until),
  ],
}

const RESULTS: List<ResultInfo> = {
  about: 'idempotency keys with a result or a kept failure',
  takes: ['startsWith', 'limit', 'expired', 'values'],
  items: (inspection, asked) => inspection.results(asked),
  head: ['outcome', 'size', 'expires', 'value'],
  cells: ({ outcome = '', bytes: size = 0, expiresAt, value }) => [
    outcome === 'failed' ? paint('red', outcome) : outcome,
    bytes(size),
    fromNow(expiresAt),
    valueCell(value),
  ],
}

const TASKS: List<TaskInfo> = {
  about: 'tasks with checkpoints, and their progress',
  takes: ['startsWith', 'limit', 'values'],
  items: (inspection, asked) => inspection.tasks(asked),
  head: ['progress', 'checkpoints', 'saved', 'time left', 'size', 'data'],
  cells: ({ checkpoints, latest }) => [
    latest === undefined ? '' : progressBar(latest.progress),
    String(checkpoints ?? ''),
    latest === undefined ? '' : fromNow(latest.timestamp),
    latest?.estimatedTimeRemaining === undefined ? '' : duration(latest.estimatedTimeRemaining),
    bytes(latest?.bytes ?? 0),
    valueCell(latest?.data),
  ],
}

const CACHE: List<EntryInfo> = {
  about: 'cache entries',
  takes: ['startsWith', 'limit', 'expired', 'values'],
  items: (inspection, asked) => inspection.entries(asked),
  head: ['size', 'expires', 'created', 'value'],
  cells: ({ bytes: size = 0, expiresAt, createdAt, value }) => [
    bytes(size),
    fromNow(expiresAt),
    createdAt === undefined ? '' : fromNow(createdAt),
    valueCell(value),
  ],
}

/** The lists, by the name of their command. */
export const LISTS: {
  readonly locks: List<LockInfo>
  readonly circuits: List<CircuitInfo>
  readonly claims: List<ClaimInfo>
  readonly results: List<ResultInfo>
  readonly tasks: List<TaskInfo>
  readonly cache: List<EntryInfo>
} = { locks: LOCKS, circuits: CIRCUITS, claims: CLAIMS, results: RESULTS, tasks: TASKS, cache: CACHE }

// A table is as wide as its widest row, so this many rows are read before the first is printed.
const ROWS_OF_A_TABLE = 1_000

/** Prints a list. JSON is written as it is read, a table in blocks of 1,000 rows. */
export async function printList<Info>(
  list: List<Info>,
  items: AsyncIterable<Item<Info>>,
  format: Format,
): Promise<void> {
  if (format !== 'table') return printJson(items, format)
  const head = ['prefix', 'key', ...list.head]
  let rows: string[][] = []
  let some = false
  // Between two blocks is a blank line: in a narrow terminal, it also stands between two items.
  let before = ''
  const writeBlock = async (): Promise<void> => {
    await write(`${before}${table(head, rows)}\n`)
    before = '\n'
    rows = []
  }
  for await (const item of items) {
    rows.push([prefixCell(item.prefix), cell(item.key), ...rowOf(list, item)])
    some = true
    if (rows.length === ROWS_OF_A_TABLE) await writeBlock()
  }
  if (rows.length > 0) await writeBlock()
  if (!some) process.stderr.write(list.notListed === undefined ? 'none\n' : `none; ${list.notListed}\n`)
}

/** Prints the prefixes of a database. */
export async function printPrefixes(items: AsyncIterable<PrefixItem>, format: Format): Promise<void> {
  if (format !== 'table') return printJson(items, format)
  for await (const { prefix } of items) await write(`${prefixName(prefix)}\n`)
}

async function printJson(items: AsyncIterable<object>, format: Format): Promise<void> {
  let first = true
  for await (const item of items) {
    await write(format === 'jsonl' ? `${toJson(item)}\n` : `${first ? '[\n' : ',\n'}  ${toJson(item)}`)
    first = false
  }
  if (format === 'json') await write(first ? '[]\n' : '\n]\n')
}

function rowOf<Info>(list: List<Info>, item: Item<Info>): string[] {
  const { unreadable } = item
  const cells = unreadable === undefined ? list.cells(item as Partial<Info>) : list.head.map(() => '')
  return unreadable === undefined ? [...cells] : [paint('red', unreadable.code), ...cells.slice(1)]
}

function ownerCell(owner: string, process: OwnerProcess | undefined): string {
  if (process === undefined) return cell(owner)
  const state = process.alive === undefined ? '' : process.alive ? ', alive' : paint('red', ', dead')
  return `${process.host} pid ${process.pid}${state}`
}

const valueCell = (value: unknown): string => (value === undefined ? '' : shorten(toJson(value) ?? 'undefined'))

const LONGEST_VALUE = 60
/** Returns the start of a text as a copy, because a slice would keep the whole text in memory. */
function shorten(text: string): string {
  if (text.length <= LONGEST_VALUE) return text
  return `${Buffer.from(text.slice(0, LONGEST_VALUE - 1), 'utf16le').toString('utf16le')}…`
}
