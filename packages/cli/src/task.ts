import type { Checkpoint } from '@go-go-scope/persistence-core/public'
import { NotAsNamedError } from '@go-go-scope/persistence-inspector/actions'
import { duration } from '@go-go-scope/persistence-inspector/format'
import { UsageError } from './exit-codes.js'
import { withDatabase } from './open-database.js'
import { cell, paint, progressBar, say, table, toJson, write } from './output.js'

/** Prints the checkpoints of a task, oldest first. */
export async function task(
  path: string,
  id: string,
  { prefix, json, diff }: { prefix?: string | undefined; json?: boolean | undefined; diff?: string | undefined },
): Promise<void> {
  const found = prefix ?? (await prefixOf(path, id))
  await withDatabase(path, { prefix: found }, async (database) => {
    const checkpoints = await database.checkpoint.list(id)
    if (checkpoints.length === 0) throw new NotAsNamedError(`the task ${cell(id)} has no checkpoint`)
    if (diff !== undefined) return write(`${difference(checkpoints, diff)}\n`)
    if (json === true) return write(`${toJson(checkpoints, 2)}\n`)
    await write(`${table(['sequence', 'saved', 'after', 'progress', 'data'], checkpoints.map(rowOf))}\n`)
  })
}

/** Returns the first prefix that has a task with that id, and says which it is if there are others. */
async function prefixOf(path: string, id: string): Promise<string | undefined> {
  const found = await withDatabase(path, {}, async (database) => {
    const prefixes: string[] = []
    for await (const { prefix } of database.inspect().prefixes()) {
      for await (const { key } of database.inspect({ prefix }).tasks({ startsWith: id, limit: 1 })) {
        if (key === id) prefixes.push(prefix)
      }
    }
    return prefixes
  })
  if (found.length > 1) say(`the first of ${toJson(found)}`)
  return found[0]
}

function rowOf({ sequence, timestamp, progress, data }: Checkpoint, at: number, all: Checkpoint[]): string[] {
  const before = all[at - 1]
  return [
    String(sequence),
    // An app may store any number, such as microseconds. Not all are dates.
    new Date(timestamp).toJSON() ?? `${timestamp}`,
    before === undefined ? '' : duration(timestamp - before.timestamp),
    progressBar(progress),
    cell(toJson(data) ?? 'undefined'),
  ]
}

/** Returns the lines in which the data of two checkpoints differ. */
function difference(checkpoints: readonly Checkpoint[], asked: string): string {
  const [from, to] = asked.split(':').map((text) => {
    const found = checkpoints.find(({ sequence }) => String(sequence) === text)
    if (found !== undefined) return (toJson(found.data, 2) ?? 'undefined').split('\n')
    throw new UsageError(`--diff takes two sequences as in 7:8; there is no checkpoint ${text}`)
  })
  if (from === undefined || to === undefined) throw new UsageError('--diff takes two sequences, as in 7:8')
  const gone = from.filter((line) => !to.includes(line)).map((line) => paint('red', `- ${line}`))
  const come = to.filter((line) => !from.includes(line)).map((line) => paint('green', `+ ${line}`))
  return [...gone, ...come].join('\n') || 'the data is the same'
}
