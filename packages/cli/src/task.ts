import type { Checkpoint, Inspection } from '@go-go-scope/persistence-core/public'
import { NotAsNamedError } from '@go-go-scope/persistence-inspector/actions'
import { duration } from '@go-go-scope/persistence-inspector/format'
import type { ReadOptions } from './arguments.js'
import { UsageError } from './exit-codes.js'
import { ALL, type HowToOpen, withDatabase } from './open-database.js'
import { cell, paint, progressBar, say, table, toJson, write } from './output.js'

interface TaskOptions extends ReadOptions, Pick<HowToOpen, 'prefix'> {
  readonly diff?: string | undefined
}

/** Prints the checkpoints of a task, oldest first. */
export async function task(path: string, id: string, { prefix, immutable, json, diff }: TaskOptions): Promise<void> {
  const found = prefix ?? (await prefixOf(path, id, immutable))
  await withDatabase(path, { prefix: found, immutable }, async (database) => {
    const checkpoints = await database.checkpoint.list(id)
    if (checkpoints.length === 0)
      throw new NotAsNamedError(
        `the task ${cell(id)} has no checkpoint; scopedb ${path} tasks lists those that have one`,
      )
    if (diff !== undefined) return write(`${difference(checkpoints, diff)}\n`)
    if (json === true) return write(`${toJson(checkpoints, 2)}\n`)
    await write(`${table(['sequence', 'saved', 'after', 'progress', 'data'], checkpoints.map(rowOf))}\n`)
  })
}

/** Returns the first prefix that has a task with that id, and says which it is if there are others. */
async function prefixOf(path: string, id: string, immutable: boolean | undefined): Promise<string | undefined> {
  const found = await withDatabase(path, { immutable }, async (database) => {
    const prefixes: string[] = []
    for await (const { prefix } of database.inspect().prefixes()) {
      const isThere =
        prefix === ALL
          ? withDatabase(path, { prefix, immutable }, (named) => hasTask(named.inspect(), id))
          : hasTask(database.inspect({ prefix }), id)
      if (await isThere) prefixes.push(prefix)
    }
    return prefixes
  })
  if (found.length > 1) say(`the first of ${toJson(found)}`)
  return found[0]
}

async function hasTask(inspection: Inspection, id: string): Promise<boolean> {
  for await (const { key } of inspection.tasks({ startsWith: id, limit: 1 })) return key === id
  return false
}

function rowOf({ sequence, timestamp, progress, data }: Checkpoint, at: number, all: Checkpoint[]): string[] {
  const before = all[at - 1]
  return [
    String(sequence),
    // An app may store any number, such as microseconds. Not all are dates.
    new Date(timestamp).toJSON() ?? `${timestamp}`,
    before === undefined ? '' : duration(timestamp - before.timestamp),
    progressBar(progress),
    toJson(data) ?? 'undefined',
  ]
}

/** Returns the values in which the data of two checkpoints differ, with their paths. */
function difference(checkpoints: readonly Checkpoint[], asked: string): string {
  const [from, to] = asked.split(':').map((text) => {
    const found = checkpoints.find(({ sequence }) => String(sequence) === text)
    if (found !== undefined) return valuesByPath(toJson(found.data))
    throw new UsageError(`--diff takes two sequences as in 7:8; there is no checkpoint ${text}`)
  })
  if (from === undefined || to === undefined) throw new UsageError('--diff takes two sequences, as in 7:8')
  const lines: string[] = []
  for (const path of new Set([...from.keys(), ...to.keys()])) {
    const [before, after] = [from.get(path), to.get(path)]
    if (before === after) continue
    if (before !== undefined) lines.push(paint('red', `- ${path}${before}`))
    if (after !== undefined) lines.push(paint('green', `+ ${path}${after}`))
  }
  return lines.join('\n') || 'the data is the same'
}

const valuesByPath = (json: string | undefined): Map<string, string> =>
  new Map(json === undefined ? [['', 'undefined']] : valuesIn(JSON.parse(json)))

/** Yields each value in some data and its path, for example `files[3].name: `. */
function* valuesIn(data: unknown, path = ''): Generator<[path: string, value: string]> {
  const inside = typeof data === 'object' && data !== null ? Object.entries(data) : []
  if (inside.length === 0) yield [path && `${path}: `, toJson(data) ?? '']
  for (const [name, value] of inside) {
    const isName = /^[\p{L}_$][\p{L}\d_$]*$/u.test(name)
    const step = isName ? `.${name}` : `[${Array.isArray(data) ? name : toJson(name)}]`
    yield* valuesIn(value, path === '' && isName ? name : path + step)
  }
}
