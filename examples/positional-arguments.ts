import { parseArgs } from 'node:util'
import { readCommandLine, UsageError } from '../scripts/command-line.mjs'

/**
 * Returns the arguments of an example without options. Ends the process on `--help`, on any other option, and on too many or
 * too few arguments.
 */
export function positionalArguments(usage: string, { least, most }: { least: number; most: number }): string[] {
  return readCommandLine(usage, (args: string[]) => {
    const { positionals } = parseArgs({ args, allowPositionals: true, options: {} })
    const found = positionals.length
    if (found < least || found > most) {
      const needed = least === most ? `${least}` : `${least} to ${most}`
      throw new UsageError(`takes ${needed} arguments, got ${found === 0 ? 'none' : positionals.join(' ')}`)
    }
    return positionals
  })
}
