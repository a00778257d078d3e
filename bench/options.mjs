import { parseArgs } from 'node:util'
import { readCommandLine, UsageError } from '../scripts/command-line.mjs'

const usage = `npm run bench -- [options]

  --quick          short runs of single calls, about two minutes; with --filter, of the measurements it matches
  --filter TEXT    only measurements with TEXT in their name, for example "cache-get" or "bun"; repeatable
  --update         put these figures into docs/performance.md, and keep the others of earlier runs
  --no-peers       without the packages to compare with, which need a compiler the first time
  --runs N         runs of each contestant
  --profile        no comparison: a CPU profile of our adapter at each trial
  -h, --help
`

/** Returns the options of this process. Ends the process for `--help` and for an invalid option. */
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
