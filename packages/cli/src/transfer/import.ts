import { createReadStream, existsSync } from 'node:fs'
import { NotAsNamedError } from '@go-go-scope/persistence-inspector/actions'
import { type ChangeOptions, confirm } from '../changes.js'
import { UsageError } from '../exit-codes.js'
import { isServer, requireExists } from '../open-database.js'
import { say, toJson, write } from '../output.js'
import { DatabaseByPrefix } from './databases.js'
import { type Counts, checkFirstLine, type ExportedItem, KINDS, none, readLine, shownCount } from './format.js'
import { CONFLICTS, type Conflicts, importItem, nameOf, type Outcome } from './import-item.js'
import { linesOf } from './lines.js'
import { StandingClock } from './stored-text.js'

export interface ImportOptions extends ChangeOptions {
  readonly conflicts: string
  readonly json: boolean
}

/**
 * Reads an export from a file or from stdin into a database, which is created if it is missing. If the import stops early, the
 * written items stay, and an import with `skip` continues.
 */
export async function importDatabase(path: string, file: string | undefined, options: ImportOptions): Promise<void> {
  const conflicts = options.conflicts as Conflicts
  if (!CONFLICTS.includes(conflicts))
    throw new UsageError(`--conflicts takes ${CONFLICTS.join(', ')}, got ${conflicts}`)
  if (file === undefined && process.stdin.isTTY) throw new UsageError('name the file of the export, or pipe it in')
  if (file !== undefined) requireExists(file)
  await confirm(`write the items of ${file ?? 'stdin'} into ${path}`, options)

  const lines = linesOf(file === undefined ? process.stdin : createReadStream(file))
  checkFirstLine((await lines.next()).value ?? undefined)
  const clock = new StandingClock()
  const made = !isServer(path) && !existsSync(path)
  const database = new DatabaseByPrefix(path, { write: true, migrate: made, exactly: { clock } })
  const done = new Tally()
  try {
    // Opened before the first item, so that an empty export creates a database too.
    await database.under('')
    await importLines(lines, database, clock, conflicts, done)
  } catch (error) {
    say(`it ended early: ${done.shown()}`)
    throw error
  } finally {
    await database.close()
  }
  say(done.shown())
  if (options.json) await write(`${toJson(done.outcomes, 2)}\n`)
  const { result: claimed } = done.outcomes.claimed
  if (claimed === 0) return
  // A claim may end without a result, for example that of a killed import. Then the item would be in neither database.
  throw new NotAsNamedError(
    `${shownCount(claimed, 'result')} not imported, for the keys are claimed: by workers, or for a minute by an import that was killed; import again with --conflicts skip when the claims have ended`,
  )
}

const isTaken = (outcome: Outcome): boolean => outcome === 'there' || outcome === 'claimed'

// The calls of a batch are made together, so they share statements and commits.
const BATCH_ITEMS = 256
const BATCH_CHARACTERS = 1024 * 1024

async function importLines(
  lines: AsyncIterable<string>,
  database: DatabaseByPrefix,
  clock: StandingClock,
  conflicts: Conflicts,
  done: Tally,
): Promise<void> {
  let batch: { readonly item: ExportedItem; readonly line: number }[] = []
  let characters = 0
  let number = 1
  let promised: Counts | undefined
  const flush = async (): Promise<void> => {
    const [first] = batch
    if (first === undefined) return
    clock.moveTo(Date.now())
    const target = await database.under(first.item.prefix)
    const settled = await Promise.allSettled(batch.map(({ item }) => importItem(target, item, clock, conflicts)))
    // Items after a failed one may have been written, so all are counted before the first failure is thrown.
    for (const [at, ended] of settled.entries()) {
      if (ended.status === 'fulfilled') done.count((batch[at] as (typeof batch)[number]).item, ended.value)
    }
    for (const [at, ended] of settled.entries()) {
      const { item, line } = batch[at] as (typeof batch)[number]
      if (ended.status === 'rejected') throw atLine(line, item, ended.reason)
      if (conflicts !== 'fail' || !isTaken(ended.value)) continue
      throw new NotAsNamedError(
        `line ${line}: ${nameOf(item)} is there already; --conflicts skip keeps what is there, --conflicts replace what comes`,
      )
    }
    batch = []
    characters = 0
  }
  for await (const line of lines) {
    number++
    if (promised !== undefined) throw new UsageError(`line ${number} stands behind the last one of an export`)
    const read = readLine(line, number)
    if ('items' in read) {
      promised = read.items
      continue
    }
    const [first] = batch
    const fits = first === undefined || (first.item.prefix === read.prefix && first.item.kind === read.kind)
    // A circuit needs its own batch, because its times are set by moving the clock.
    if (!fits || read.kind === 'circuit' || batch.length >= BATCH_ITEMS || characters >= BATCH_CHARACTERS) await flush()
    batch.push({ item: read, line: number })
    characters += line.length
  }
  await flush()
  if (promised === undefined) throw new UsageError('the export has no last line: it was cut short; export it again')
  for (const kind of KINDS) {
    const read = done.read(kind)
    if (read !== promised[kind])
      throw new UsageError(
        `the export says that it has ${promised[kind]} ${kind}, and ${read} have come; export it again`,
      )
  }
}

function atLine(line: number, item: ExportedItem, error: unknown): unknown {
  // The same error object, because the exit code depends on its code.
  if (error instanceof Error) error.message = `line ${line}, ${nameOf(item)}: ${error.message}`
  return error
}

/** Counts the outcomes of the items of each kind. */
class Tally {
  readonly outcomes: Record<Outcome, Counts> = {
    written: none(),
    replaced: none(),
    there: none(),
    claimed: none(),
    expired: none(),
  }

  count({ kind }: ExportedItem, outcome: Outcome): void {
    this.outcomes[outcome][kind]++
  }

  read(kind: keyof Counts): number {
    return Object.values(this.outcomes).reduce((sum, counts) => sum + counts[kind], 0)
  }

  shown(): string {
    const part = (outcome: Outcome, verb: string): string => {
      const counts = this.outcomes[outcome]
      const kinds = KINDS.filter((kind) => counts[kind] > 0).map((kind) => shownCount(counts[kind], kind))
      return kinds.length === 0 ? '' : `${kinds.join(', ')} ${verb}`
    }
    const parts = [
      part('written', 'written'),
      part('replaced', 'replaced'),
      part('there', 'left: there already'),
      part('claimed', 'left: claimed'),
      part('expired', 'left: expired'),
    ].filter((text) => text !== '')
    return parts.join('; ') || 'nothing was written'
  }
}
