import { parseArgs } from 'node:util'
import { UsageError } from '../command-line.mjs'

/**
 * Reads what to run from the command line of `npm test --`.
 *
 * @param {string[]} args `--cell <run>` (repeatable), `--changed`, `-t <pattern of test names>`, and parts of file
 *   names
 * @param {readonly import('../../test/matrix.mjs').Run[]} runs
 * @returns {{ runs: readonly import('../../test/matrix.mjs').Run[], files: string[], pattern: string | undefined,
 *   changed: boolean }}
 * @throws {UsageError} for an undeclared run; for an unknown option, the error of parseArgs
 */
export function readArguments(args, runs) {
  const { values, positionals: files } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      cell: { type: 'string', multiple: true, default: [] },
      'test-name': { type: 'string', short: 't' },
      changed: { type: 'boolean', default: false },
    },
  })
  const names = values.cell
  // A group's name stands for all of its runs.
  const chosen = runs.filter((run) => names.includes(run.name) || names.includes(run.group))
  const unknown = names.filter((name) => !chosen.some((run) => run.name === name || run.group === name))
  if (unknown.length > 0) throw new UsageError(`no cell or group is called ${unknown.join(', ')}`)
  return { runs: names.length > 0 ? chosen : runs, files, pattern: values['test-name'], changed: values.changed }
}
