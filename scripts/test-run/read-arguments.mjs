/**
 * Reads what to run from the command line of `npm test --`.
 *
 * @param {readonly string[]} args `--cell <run>` (repeatable), `-t <pattern of test names>`, and parts of file names
 * @param {readonly import('../../test/matrix.mjs').Run[]} runs
 * @returns {{ runs: readonly import('../../test/matrix.mjs').Run[], files: string[], pattern: string | undefined }}
 * @throws {Error} for a run that is not declared and for an unknown flag
 */
export function readArguments(args, runs) {
  /** @type {string[]} */
  const names = []
  /** @type {string[]} */
  const files = []
  let pattern
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] ?? ''
    const value = args[index + 1]
    if (arg === '--cell' || arg === '-t') {
      if (value === undefined) throw new Error(`${arg} needs a value`)
      if (arg === '-t') pattern = value
      else names.push(value)
      index += 1
    } else if (arg.startsWith('-')) {
      throw new Error(`unknown option ${arg}: use --cell <run>, -t <pattern> or parts of file names`)
    } else {
      files.push(arg)
    }
  }
  // A group's name stands for all of its runs.
  const chosen = runs.filter((run) => names.includes(run.name) || names.includes(run.group))
  const unknown = names.filter((name) => !chosen.some((run) => run.name === name || run.group === name))
  if (unknown.length > 0) {
    throw new Error(`no run called ${unknown.join(', ')}; there are:\n  ${runs.map(({ name }) => name).join('\n  ')}`)
  }
  return { runs: names.length > 0 ? chosen : runs, files, pattern }
}
