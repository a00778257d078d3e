import type {
  CircuitInfo,
  ClaimInfo,
  Inspection,
  Item,
  Listed,
  LockInfo,
  StandbyInfo,
  TaskInfo,
} from '@go-go-scope/persistence-core/public'
import { systemClock } from '@go-go-scope/persistence-core/public'
import { bytes } from '@go-go-scope/persistence-inspector/format'
import { Paced } from '@go-go-scope/persistence-inspector/paced'
import logUpdate from 'log-update'
import type { ReadOptions } from './arguments.js'
import { type Facts, factsOf } from './facts.js'
import { interrupted } from './interrupted.js'
import { LISTS } from './lists.js'
import { type Database, withDatabase } from './open-database.js'
import { cell, fromNow, paint, prefixCell, prefixName, progressBar, table, toJson, widthOf, write } from './output.js'

/** The number of items shown per list. The commands of these names show all. */
const SHOWN = { prefixes: 100, locks: 5, circuits: 5, claims: 5, tasks: 5 } as const

type ListName = keyof typeof SHOWN

/** Prints a summary of a database. */
export async function summary(path: string, { json, immutable }: ReadOptions): Promise<void> {
  await withDatabase(path, { immutable }, async (database) => {
    const now = await read(database, await cacheOf(database))
    await write(`${json === true ? toJson(now, 2) : show(now)}\n`)
  })
}

/** Refreshes the summary periodically until the process is interrupted. @param every ms */
export async function watch(
  path: string,
  { every = 1_000, immutable }: { every?: number | undefined; immutable?: boolean | undefined },
): Promise<void> {
  // Redrawing makes sense only on a terminal, and only if its size is known: without rows nothing would be drawn.
  const redraws = process.stdout.isTTY && process.stdout.rows
  const stopped = interrupted().then(() => 'stopped' as const)
  await withDatabase(path, { immutable }, async (database) => {
    const cache = new Paced(() => cacheOf(database), systemClock)
    for (let going = true; going; ) {
      const text = show(await read(database, await cache.get()))
      if (redraws) logUpdate(fitting(text, process.stdout))
      else await write(`${text}\n\n`)
      let timer: NodeJS.Timeout | undefined
      const pause = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, every)
      })
      going = (await Promise.race([pause, stopped])) !== 'stopped'
      clearTimeout(timer)
    }
  })
  if (redraws) logUpdate.done()
}

/** Returns the first lines that fit on a terminal. The library would keep the last ones, which are not the held locks. */
function fitting(text: string, { rows, columns }: { rows: number; columns: number }): string {
  // Without the line of the mark and that of the cursor.
  let left = rows - 2
  const lines = text.split('\n')
  const end = lines.findIndex((line) => {
    left -= Math.ceil(widthOf(line) / columns) || 1
    return left < 0
  })
  return end < 0 ? text : [...lines.slice(0, end), '…'].join('\n')
}

/** The output of `--json`. */
export interface Summary {
  readonly database: Facts
  readonly cache: { readonly entries: number; readonly bytes: number; readonly more: boolean }
  readonly prefixes: readonly string[]
  readonly locks: readonly Item<LockInfo>[]
  /** The circuits that are open or have probes. */
  readonly circuits: readonly Item<CircuitInfo>[]
  readonly claims: readonly Item<ClaimInfo>[]
  readonly tasks: readonly Item<TaskInfo>[]
  readonly standbys: readonly StandbyInfo[]
  /** The lists that have more items than are here. */
  readonly more: readonly ListName[]
}

async function read(database: Database, cache: Summary['cache']): Promise<Summary> {
  const all = database.inspect({ prefix: '*' })
  const longer = new Set<ListName>()
  const first = async <Item>(name: ListName, items: AsyncIterable<Item>): Promise<Item[]> => {
    const shown: Item[] = []
    for await (const item of items) {
      if (shown.length === SHOWN[name]) {
        longer.add(name)
        break
      }
      shown.push(item)
    }
    return shown
  }
  // One more is read than is shown, to find out whether there are more.
  const [facts, prefixes, locks, circuits, claims, tasks, standbys] = await Promise.all([
    factsOf(database),
    first('prefixes', all.prefixes({ limit: SHOWN.prefixes + 1 })),
    first('locks', all.locks({ limit: SHOWN.locks + 1 })),
    first('circuits', openCircuits(all)),
    first('claims', all.claims({ limit: SHOWN.claims + 1 })),
    first('tasks', all.tasks({ limit: SHOWN.tasks + 1 })),
    all.standbys(),
  ])
  const names = prefixes.map(({ prefix }) => prefix)
  const more = (Object.keys(SHOWN) as ListName[]).filter((name) => longer.has(name))
  return { database: facts, cache, prefixes: names, locks, circuits, claims, tasks, standbys, more }
}

// The number of entries that are read, so that a summary has a bounded cost.
const ENTRIES = 10_000

async function cacheOf(database: Database): Promise<Summary['cache']> {
  let [entries, bytes] = [0, 0]
  for await (const { bytes: size = 0 } of database.inspect({ prefix: '*' }).entries({ limit: ENTRIES + 1 })) {
    if (entries === ENTRIES) return { entries, bytes, more: true }
    entries++
    bytes += size
  }
  return { entries, bytes, more: false }
}

async function* openCircuits(all: Inspection) {
  for await (const circuit of all.circuits()) if (circuit.state !== 'closed') yield circuit
}

function show({ database, cache, prefixes, locks, circuits, claims, tasks, standbys, more }: Summary): string {
  const { circuits: known, checkpoints, results, engine, location = '' } = database
  const { file, sqliteVersion, fileBytes = 0, walBytes = 0 } = database
  const entries = `${cache.entries}${cache.more ? '+' : ''}`
  const place =
    file === undefined
      ? [cell(location)]
      : [cell(file) || 'in memory', `SQLite ${sqliteVersion}`, bytes(fileBytes), `log ${bytes(walBytes)}`]
  const names = prefixes.map(prefixName)
  if (more.includes('prefixes')) names.push('…')
  const markOf = (name: ListName): string => (more.includes(name) ? '\n…' : '')
  const parts = [
    [engine, ...place].join(', '),
    table(
      ['cache entries', 'their size', 'results', 'checkpoints', 'circuits'],
      [[entries, `${bytes(cache.bytes)}${cache.more ? '+' : ''}`, ...[results, checkpoints, known].map(String)]],
    ),
    `${paint('bold', 'prefixes')}  ${names.join(', ') || 'none'}`,
    part('held locks', LISTS.locks.head, locks, LISTS.locks.cells, markOf('locks')),
    part('open circuits', LISTS.circuits.head, circuits, LISTS.circuits.cells, markOf('circuits')),
    part('work under way', LISTS.claims.head, claims, LISTS.claims.cells, markOf('claims')),
    tasksPart(tasks, markOf('tasks')),
    standbysPart(standbys),
  ]
  return parts.filter((part) => part !== undefined).join('\n\n')
}

function part<Info extends object>(
  title: string,
  head: readonly string[],
  items: readonly (Partial<Info> & Pick<Listed, 'prefix' | 'key'>)[],
  cells: (item: Partial<Info>) => readonly string[],
  mark: string,
): string | undefined {
  if (items.length === 0) return undefined
  const rows = items.map((item) => [cell(item.key), prefixCell(item.prefix), ...cells(item)])
  return table([title, 'prefix', ...head], rows) + mark
}

function tasksPart(tasks: Summary['tasks'], mark: string): string | undefined {
  if (tasks.length === 0) return undefined
  const rows = tasks.map(({ prefix, key, latest }) => [
    cell(key),
    prefixCell(prefix),
    latest === undefined ? '' : progressBar(latest.progress),
    latest === undefined ? '' : fromNow(latest.timestamp),
  ])
  return table(['tasks', 'prefix', 'progress', 'saved'], rows) + mark
}

function standbysPart(standbys: Summary['standbys']): string | undefined {
  if (standbys.length === 0) return undefined
  const rows = standbys.map(({ id, behind, seenAt }) => [cell(id), String(behind), fromNow(seenAt)])
  return table(['standbys', 'changes behind', 'seen'], rows)
}
