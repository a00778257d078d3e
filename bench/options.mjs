import { parseArgs } from 'node:util'
import { readCommandLine, UsageError } from '../scripts/command-line.mjs'

const usage = `npm run bench -- [options]

  --quick          short runs of single calls, about two minutes; with --filter, of what it names
  --filter TEXT    only what has TEXT in its name, for example "cache-get" or "bun"; several are allowed
  --update         put these figures into the page, beside the others of earlier runs
  --no-peers       without the packages of other people, which need a compiler the first time
  --runs N         runs of each contestant
  --profile        no race: where the time of our adapter goes, by a CPU profile of each trial
  -h, --help
`

/** The command line of this process. Ends the process for `--help` and for an option that cannot be used. */
export function readOptions() {
  return readCommandLine(usage, readArguments)
}

/**
 * @param {string[]} args
 * @throws {UsageError}
 */
function readArguments(args) {
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: 'boolean', default: false },
      filter: { type: 'string', multiple: true, default: [] },
      update: { type: 'boolean', default: false },
      'no-peers': { type: 'boolean', default: false },
      runs: { type: 'string' },
      profile: { type: 'boolean', default: false },
    },
  })
  const runs = values.runs === undefined ? undefined : Number(values.runs)
  if (runs !== undefined && !(Number.isInteger(runs) && runs > 0))
    throw new UsageError(`--runs must be a whole number from 1, got ${values.runs}`)
  const { quick, filter, update, profile } = values
  return { quick, filter, update, profile, peers: !values['no-peers'], runs }
}
