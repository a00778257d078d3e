import { createReadStream, existsSync } from 'node:fs'
import { NotAsNamedError } from '@go-go-scope/persistence-inspector/actions'
import { type ConfirmOptions, confirm } from '../confirm.js'
import { UsageError } from '../exit-codes.js'
import { withFileErrors } from '../file-errors.js'
import { isServer, requireExists } from '../open-database.js'
import { say, toJson, write } from '../output.js'
import { DatabaseByPrefix } from './databases.js'
import { type Counts, checkFirstLine, KINDS, readLine, shownCount } from './format.js'
import { ImportBatch, type ImportTarget } from './import-batch.js'
import { CONFLICTS, type Conflicts } from './import-item.js'
import { linesOf } from './lines.js'
import { StandingClock } from './stored-text.js'
import { Tally } from './tally.js'

export interface ImportOptions extends ConfirmOptions {
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
  try {
    const tally = await withFileErrors('import', async () => {
      checkFirstLine((await lines.next()).value ?? undefined)
      return importInto(path, lines, conflicts)
    })
    say(tally.shown())
    if (options.json) await write(`${toJson(tally.outcomes, 2)}\n`)
    refuseClaimed(tally)
  } finally {
    // Stdin that is not closed keeps the process alive for as long as its writer keeps it open.
    await lines.return()
  }
}

async function importInto(path: string, lines: AsyncIterable<string>, conflicts: Conflicts): Promise<Tally> {
  const clock = new StandingClock()
  const migrate = !isServer(path) && !existsSync(path)
  const database = new DatabaseByPrefix(path, { write: true, migrate, exactly: { clock } })
  const tally = new Tally()
  try {
    // Opened before the first item, so that an empty export creates a database too.
    await database.under('')
    await importLines(lines, { database, clock, conflicts, tally })
    return tally
  } catch (error) {
    say(`it ended early: ${tally.shown()}`)
    throw error
  } finally {
    await database.close()
  }
}

async function importLines(lines: AsyncIterable<string>, target: ImportTarget): Promise<void> {
  const batch = new ImportBatch(target)
  // The first line has been read.
  let number = 1
  let written: Counts | undefined
  for await (const line of lines) {
    number++
    if (written !== undefined) throw new UsageError(`line ${number} stands behind the last one of an export`)
    const read = readLine(line, number)
    if ('items' in read) written = read.items
    else await batch.add(read, number, line.length)
  }
  await batch.flush()
  if (written === undefined) throw new UsageError('the export has no last line: it was cut short; export it again')
  for (const kind of KINDS) {
    const count = target.tally.read(kind)
    if (count === written[kind]) continue
    throw new UsageError(
      `the export says that it has ${written[kind]} ${kind}, and ${count} have come; export it again`,
    )
  }
}

/** @throws NotAsNamedError if items were left because their keys are claimed. */
function refuseClaimed({ outcomes }: Tally): void {
  const { result: claimed } = outcomes.claimed
  if (claimed === 0) return
  // A claim may end without a result, for example that of a killed import. Then the item would be in neither database.
  throw new NotAsNamedError(
    `${shownCount(claimed, 'result')} not imported, for the keys are claimed: by workers, or for a minute by an import that was killed; import again with --conflicts skip when the claims have ended`,
  )
}
