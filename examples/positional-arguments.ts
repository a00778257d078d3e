import { parseArgs } from 'node:util'
import { readCommandLine, UsageError } from '../scripts/command-line.mjs'

/**
 * The arguments of an example, which takes no options. Ends the process for `--help`, for any other option, and for more
 * or fewer arguments than it takes.
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
