import { relative } from 'node:path'
import { positionalArguments } from './positional-arguments.mjs'

/**
 * The database that the command line of an example names, else `usual`.
 *
 * @param {string} purpose of the example
 * @param {string} usual
 */
export function databaseArgument(purpose, usual) {
  const usage = `${purpose}

  node main.mjs [file]

  file         the database (default: ${relative('', usual)})
  -h, --help`
  const [file = usual] = positionalArguments(usage, { least: 0, most: 1 })
  return file
}
