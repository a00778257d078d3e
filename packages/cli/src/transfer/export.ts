import type { Checkpoint, Item, PersistenceError, ResultInfo } from '@go-go-scope/persistence-core/public'
import { EXIT } from '../exit-codes.js'
import { untilInterrupted } from '../interrupted.js'
import { type Database, type HowToOpen, inspectionOf, requireFolderOf, withDatabase } from '../open-database.js'
import { cell, say } from '../output.js'
import { DatabaseByPrefix } from './databases.js'
import {
  type Counts,
  type ExportedItem,
  firstLine,
  KINDS,
  lastLine,
  none,
  type ResultItem,
  shownCount,
  wrongField,
} from './format.js'
import { writeLines } from './lines.js'
import { reasonIn, storedText } from './stored-text.js'

/**
 * Writes the content of a database as lines of JSON to a new file or to stdout.
 *
 * @returns the exit code.
 */
export async function exportDatabase(
  path: string,
  file: string | undefined,
  { prefix, immutable }: Pick<HowToOpen, 'prefix' | 'immutable'>,
): Promise<number> {
  if (file !== undefined) requireFolderOf(file)
  const unread: string[] = []
  const counts = none()
  const how = { prefix, immutable, exactly: { codec: storedText } }
  const write = async (signal?: AbortSignal): Promise<void> => {
    const byPrefix = new DatabaseByPrefix(path, { immutable })
    try {
      await withDatabase(path, how, (database) =>
        writeLines(linesOf(database, byPrefix, prefix, counts, unread), file, signal),
      )
    } finally {
      await byPrefix.close()
    }
  }
  await (file === undefined ? write() : untilInterrupted(write))
  const written = KINDS.map((kind) => shownCount(counts[kind], kind)).join(', ')
  say(`exported ${written}; not locks and claims under way, which belong to processes`)
  for (const what of unread) say(`not exported: ${what}`)
  return unread.length === 0 ? EXIT.ok : EXIT.found
}

// The number of unreadable items that are named. The others are counted.
const MOST_NAMED = 20

async function* linesOf(
  database: Database,
  byPrefix: DatabaseByPrefix,
  prefix: string | undefined,
  counts: Counts,
  unread: string[],
): AsyncGenerator<string, void, undefined> {
  yield firstLine(Date.now())
  let unnamed = 0
  for await (const item of items(database, byPrefix, prefix)) {
    if (typeof item === 'string') {
      if (unread.length < MOST_NAMED) unread.push(item)
      else unnamed++
      continue
    }
    counts[item.kind]++
    yield JSON.stringify(item)
  }
  if (unnamed > 0) unread.push(`${unnamed} more`)
  yield lastLine(counts)
}

/** Yields the items, and a text for each one that cannot be read. */
async function* items(
  database: Database,
  byPrefix: DatabaseByPrefix,
  prefix: string | undefined,
): AsyncGenerator<ExportedItem | string, void, undefined> {
  const all = inspectionOf(database, prefix)
  for await (const item of all.circuits()) {
    const { key, prefix, unreadable, cursor: _, probes: __, ...state } = item
    yield unreadable === undefined && prefix !== null
      ? ({ kind: 'circuit', prefix, key, ...state } as ExportedItem)
      : problem('circuit', item)
  }
  for await (const item of all.results({ values: true })) yield resultOf(item) ?? problem('result', item)
  for await (const item of all.tasks()) {
    const { key, prefix } = item
    if (prefix === null) yield problem('task', item)
    else for (const one of await checkpointsOf(await byPrefix.under(prefix), prefix, key)) yield one
  }
  for await (const item of all.entries({ values: true })) {
    const { key, prefix, value, expiresAt, unreadable } = item
    yield unreadable === undefined && prefix !== null
      ? { kind: 'cache', prefix, key, value: value as string, ...(expiresAt !== undefined && { expiresAt }) }
      : problem('cache entry', item)
  }
}

/** Returns all checkpoints of a task. An app keeps only a limited number. */
async function checkpointsOf(
  { checkpoint }: Database,
  prefix: string,
  task: string,
): Promise<(ExportedItem | string)[]> {
  try {
    const all = (await checkpoint.list(task)) as Checkpoint<string>[]
    const items = all.map((one) => ({ kind: 'checkpoint', prefix, ...one }) as const)
    // A file can contain any type, of which an import accepts only its own.
    return items.map((item) => (wrongField(item) ? problem('checkpoint', { key: item.id }) : item))
  } catch (error) {
    if ((error as PersistenceError).code !== 'VALUE_UNREADABLE') throw error
    return [problem('task', { key: task, unreadable: error as PersistenceError })]
  }
}

function resultOf(item: Item<ResultInfo>): ResultItem | undefined {
  const { key, prefix, outcome, value, fingerprint, expiresAt, unreadable } = item
  const cause = unreadable?.code === 'RESULT_NOT_STORED' ? unreadable.cause : undefined
  if (prefix === null || outcome === undefined || (unreadable !== undefined && cause === undefined)) return undefined
  return {
    kind: 'result',
    prefix,
    key,
    outcome,
    ...(cause === undefined ? { value: value as string } : { reason: reasonIn((cause as Error).message) }),
    ...(fingerprint !== undefined && { fingerprint }),
    ...(expiresAt !== undefined && { expiresAt }),
  }
}

const problem = (
  what: string,
  { key, unreadable }: { key: string; unreadable?: PersistenceError | undefined },
): string => `the ${what} ${cell(key)}: ${unreadable?.message ?? 'its prefix or a field is not known'}`
