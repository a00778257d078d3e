import { readCommandLine } from '../command-line.mjs'
import { readArguments } from './read-arguments.mjs'

/**
 * Returns what the command line of this process asks to run. Ends the process for `--help` and for an invalid argument.
 *
 * @param {readonly import('../../test/matrix.mjs').Run[]} runs all declared runs
 * @param {{ command: string, purpose: string }} words `command` as users type it
 */
export function chooseRuns(runs, words) {
  return readCommandLine(describeUsage(runs, words), (args) => readArguments(args, runs))
}

/**
 * @param {readonly import('../../test/matrix.mjs').Run[]} runs
 * @param {{ command: string, purpose: string }} words
 */
function describeUsage(runs, { command, purpose }) {
  const groups = [...new Set(runs.map(({ group }) => group))]
  const width = Math.max(...groups.map((group) => group.length)) + 2
  const lines = groups.map((group) => {
    const members = runs.filter((run) => run.group === group).map(({ name }) => name)
    return `  ${group.padEnd(width)}${members.join('\n'.padEnd(width + 3))}`
  })
  return `${purpose}

  ${command} -- [options] [parts of file names]      without any: everything

  --cell <name>                 one cell or group; repeatable
  --changed                     only tests that the uncommitted change touches, or the last commit if there is none
  -t, --test-name <pattern>     only tests whose names match the pattern
  -h, --help

Groups and their cells:

${lines.join('\n')}
`
}
