import { relative } from 'node:path'
import { parseArgs } from 'node:util'
import { readCommandLine, UsageError } from '../scripts/command-line.mjs'

/**
 * The database that the command line of an example names, else `usual`. Ends the process for `--help`, and for anything
 * else that the command line says.
 *
 * @param {string} purpose of the example
 * @param {string} usual
 */
export function databaseArgument(purpose, usual) {
  const usage = `${purpose}

  node main.mjs [file]

  file         the database (default: ${relative('', usual)})
  -h, --help`
  return readCommandLine(usage, (args) => {
    const { positionals } = parseArgs({ args, allowPositionals: true, options: {} })
    const [file = usual, ...more] = positionals
    if (more.length > 0) throw new UsageError(`one file is enough, got ${positionals.join(', ')}`)
    return file
  })
}
