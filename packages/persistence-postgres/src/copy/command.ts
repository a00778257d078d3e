import { parseArgs } from 'node:util'
import { PersistenceError } from '@go-go-scope/persistence-core/dialect'
import { type CopyResult, copyDatabase, unsealDatabase } from './copy-database.js'
import { type CopiedTablesOf29, copyTablesOf29 } from './copy-tables-of-2-9.js'
import type { CopyProgress } from './progress.js'

const USAGE = `persistence-postgres copy <from> <to> [options]
persistence-postgres copy --from-2.9 <server> <file> [options]
persistence-postgres unseal <place> [--schema name]

copy moves what adapters have stored from a file to a PostgreSQL server, or back. Each place is a path or a URL
(postgres://user:password@host:5432/database, pglite:./folder). The target must be empty; a missing file is created. The source
is sealed: opening it fails with MOVED, which names the target. An interrupted copy continues when it is run again with the same
arguments. unseal puts the source back into use, as it was then.
Tables of your own are not copied: copy them before the app starts again.

With --from-2.9 copy makes a file of the tables of go-go-scope 2.9 on a server, where it writes nothing. A second copy moves that
file to a server.

  --dry-run         counts rows and lists held locks and claims; writes nothing
  --wait seconds    how long to wait for held locks and claims (0)
  --schema name     the PostgreSQL schema (go_goscope; with --from-2.9 public)
  --accept-clock    copies even if the clocks differ by more than a second
  --time-zone name  with --from-2.9: the time zone of times without one (that of the role)

Progress goes to stderr, the result as JSON to stdout. Exit codes: 0 done; 1 failed, run it again; 2 wrong arguments, or
clocks that differ; 3 locks or claims are held; 4 the two sides differ.`

const FAILED = 1
const WRONG_ARGUMENTS = 2
const EXIT_CODES: Readonly<Partial<Record<string, number>>> = {
  BUSY: 3,
  DIVERGED: 4,
  INVALID_ARGUMENT: WRONG_ARGUMENTS,
}

/** The options of each form. Others are refused, because for example `unseal --dry-run` would write nevertheless. */
const TAKEN: Readonly<Record<'copy' | 'copy --from-2.9' | 'unseal', readonly string[]>> = {
  copy: ['schema', 'dry-run', 'accept-clock', 'wait'],
  'copy --from-2.9': ['from-2.9', 'schema', 'dry-run', 'time-zone'],
  unseal: ['schema'],
}

/** Where a command writes. */
export interface Output {
  out(text: string): void
  err(text: string): void
}

/** Runs the command of this package. Returns the exit code. */
export async function runCommand(args: readonly string[], output: Output): Promise<number> {
  let read: ReturnType<typeof readArguments>
  try {
    read = readArguments(args)
  } catch (error) {
    output.err(`${(error as Error).message}\n\n${USAGE}\n`)
    return WRONG_ARGUMENTS
  }
  if (read === undefined) {
    output.out(`${USAGE}\n`)
    return 0
  }
  try {
    return await run(read, output)
  } catch (error) {
    if (!(error instanceof PersistenceError)) throw error
    output.err(`${error.message} [${error.code}]\n`)
    return EXIT_CODES[error.code] ?? FAILED
  }
}

type Arguments = NonNullable<ReturnType<typeof readArguments>>

/** @returns the exit code. @throws PersistenceError */
async function run({ command, places, values }: Arguments, { out, err }: Output): Promise<number> {
  const schema = values.schema === undefined ? {} : { schema: values.schema }
  if (command === 'unseal') {
    await unsealDatabase(places[0] as string, schema)
    return 0
  }
  const [from, to] = places as [string, string]
  const common = {
    ...schema,
    dryRun: values['dry-run'] ?? false,
    progress: (progress: CopyProgress) => err(`${lineOf(progress)}\n`),
  }
  const timeZone = values['time-zone']
  const result = values['from-2.9']
    ? await copyTablesOf29(from, to, { ...common, ...(timeZone !== undefined && { timeZone }) })
    : await copyDatabase(from, to, {
        ...common,
        acceptClock: values['accept-clock'] ?? false,
        wait: Number(values.wait ?? 0) * 1000,
        waiting: onceEach((held) => err(`waiting for ${held}\n`)),
      })
  out(`${JSON.stringify(result, undefined, 2)}\n`)
  return exitCodeOf(result)
}

function readArguments(args: readonly string[]) {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      help: { type: 'boolean', short: 'h' },
      'dry-run': { type: 'boolean' },
      'accept-clock': { type: 'boolean' },
      schema: { type: 'string' },
      wait: { type: 'string' },
      'from-2.9': { type: 'boolean' },
      'time-zone': { type: 'string' },
    },
  })
  if (values.help) return undefined
  const [command, ...places] = positionals
  if (command !== 'copy' && command !== 'unseal')
    throw new Error(`the command must be copy or unseal, got ${command ?? 'none'}`)
  const wanted = command === 'copy' ? 2 : 1
  if (places.length !== wanted)
    throw new Error(`${command} takes ${wanted} place${wanted > 1 ? 's' : ''}, got ${places.length}`)
  if (values.wait !== undefined && !(Number(values.wait) >= 0))
    throw new Error(`--wait takes seconds, got ${values.wait}`)
  const form = command === 'copy' && values['from-2.9'] ? 'copy --from-2.9' : command
  for (const option of Object.keys(values)) {
    if (!TAKEN[form].includes(option)) throw new Error(`${form} does not take --${option}`)
  }
  return { command, places, values }
}

/** Prints what is held only when it changes, because it is checked several times a second. */
function onceEach(say: (held: string) => void): (held: readonly string[]) => void {
  let said = ''
  return (names) => {
    const held = names.join(', ')
    if (held !== said) say(held)
    said = held
  }
}

/** Returns the exit code. A dry run has the code that the copy would have had. */
function exitCodeOf(result: CopyResult | CopiedTablesOf29): number {
  return 'held' in result && result.held.length > 0 ? 3 : 0
}

function lineOf({ phase, table, rows, of, rowsPerSecond, secondsLeft }: CopyProgress): string {
  const count = (value: number): string => Math.round(value).toLocaleString('en-US')
  return `${phase} ${table}: ${count(rows)} of ${count(of)} rows of all tables, ${count(rowsPerSecond)} rows/s, ${Math.ceil(secondsLeft)} s left`
}
