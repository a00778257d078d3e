import { createPaint } from './paint.mjs'

/** An invalid argument; its message names the argument, its value and what is expected. */
export class UsageError extends Error {}

/**
 * Reads the command line of this process. `--help` prints the usage and ends the process with 0. An invalid argument prints
 * the error and the usage, and ends the process with 2. Scripts call it first, so that neither case waits for a build or
 * changes a file.
 *
 * @template Read
 * @param {string} usage
 * @param {(args: string[]) => Read} read throws what `parseArgs` throws, or a {@link UsageError}
 * @returns {Read}
 */
export function readCommandLine(usage, read) {
  const args = process.argv.slice(2)
  if (args.includes('--help') || args.includes('-h')) {
    console.log(usage.trimEnd())
    process.exit(0)
  }
  try {
    return read(args)
  } catch (error) {
    if (!(error instanceof UsageError) && !isParseArgsError(error)) throw error
    // parseArgs also explains how to pass a file name that begins with a dash; that part is dropped.
    const [problem = ''] = /** @type {Error} */ (error).message.split('. To specify ')
    console.error(`${createPaint(process.stderr)('red', problem)}\n\n${usage.trimEnd()}`)
    process.exit(2)
  }
}

/** @param {unknown} error */
function isParseArgsError(error) {
  return String(/** @type {NodeJS.ErrnoException} */ (error).code).startsWith('ERR_PARSE_ARGS_')
}
