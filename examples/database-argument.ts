import { relative } from 'node:path'
import { positionalArguments } from './positional-arguments.ts'

/** Returns the database from the command line of an example, or else `usual`. */
export function databaseArgument(purpose: string, usual: string): string {
  const usage = `${purpose}

  node main.ts [file]

  file         the database (default: ${relative('', usual)})
  -h, --help`
  const [file = usual] = positionalArguments(usage, { least: 0, most: 1 })
  return file
}
