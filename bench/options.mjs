import { parseArgs } from 'node:util'

const usage = `npm run bench -- [options]

  --quick          what the targets need, in less than two minutes
  --filter TEXT    only what has TEXT in its name, for example "cache-get" or "bun"; several are allowed
  --update         put these figures into the page, beside the others of earlier runs
  --no-peers       without the packages of other people, which need a compiler the first time
  --runs N         runs of each contestant
  --profile        no race: where the time of our adapter goes, by a CPU profile of each trial
`

/** The command line. */
export function readOptions() {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      filter: { type: 'string', multiple: true, default: [] },
      update: { type: 'boolean', default: false },
      'no-peers': { type: 'boolean', default: false },
      runs: { type: 'string' },
      profile: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    console.log(usage)
    process.exit(0)
  }
  const runs = values.runs === undefined ? undefined : Number(values.runs)
  if (runs !== undefined && !(Number.isInteger(runs) && runs > 0))
    throw new Error(`--runs must be a whole number from 1, got ${values.runs}`)
  return { quick: values.quick, filter: values.filter, update: values.update, peers: !values['no-peers'], runs }
}
