import { existsSync } from 'node:fs'
import { stripVTControlCharacters } from 'node:util'
import { nearestOf } from '@go-go-scope/persistence-core/integration'
import { didYouMean, readArguments } from './command-line.js'
import { commands, complete } from './commands.js'
import { EXIT, exitCodeOf, UsageError } from './exit-codes.js'
import { helpOf, helpOfCommand } from './help.js'
import { isServer } from './open-database.js'
import { endWithReader, say, write } from './output.js'
import { printVersion } from './version.js'

/**
 * Runs `scopedb`. Data goes to stdout, everything else to stderr.
 *
 * @param args Without the runtime and the script.
 * @returns the exit code; see the README.
 */
export async function run(args: readonly string[]): Promise<number> {
  endWithReader()
  // Accepts `scopedb help locks`, as other programs do. A database of that name is ./help.
  const given = args[0] === 'help' ? [...args.slice(1), '--help'] : inOrder(args)
  const [name = '', ...rest] = given
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  try {
    if (given.length === 0) {
      say(stripVTControlCharacters(helpOf(commands)))
      return EXIT.usage
    }
    if (name === '--help' || name === '-h') {
      await write(`${helpOf(commands)}\n`)
      return EXIT.ok
    }
    if (name === '--version' || name === '-v') {
      await printVersion()
      return EXIT.ok
    }
    // Called by the completion scripts. Not a command, so that the help does not list it.
    if (name === 'complete') {
      await complete(rest)
      return EXIT.ok
    }
    if (command === undefined) {
      if (name.startsWith('-')) throw new UsageError('options come last: scopedb <db> [command] [options]')
      const meant = didYouMean(nearestOf(name, Object.keys(commands)))
      throw new UsageError(`there is no command ${name}${meant}; scopedb --help lists all`)
    }
    const read = readArguments(command, rest)
    if (read === undefined) {
      await write(`${helpOfCommand(command)}\n`)
      return EXIT.ok
    }
    const result = await command.run({ args: read })
    return typeof result === 'number' ? result : EXIT.ok
  } catch (error) {
    const { code, message } = exitCodeOf(error)
    say(`scopedb: ${message}`)
    return code
  }
}

/** Returns the arguments with the command first. The database may be named before it, as in `scopedb app.db locks`. */
function inOrder(args: readonly string[]): readonly string[] {
  const [first, second, ...rest] = args
  // Scripts and aliases may put it before everything else.
  if (first === '--no-color') return inOrder(args.slice(1))
  if (first === undefined || first.startsWith('-') || first === 'complete' || Object.hasOwn(commands, first))
    return args
  if (second !== undefined && Object.hasOwn(commands, second)) return [second, first, ...rest]
  // A database alone means its summary. A lone word that is nearly the name of a command is mistyped.
  if (second === undefined || second.startsWith('-')) {
    const isWord = /^[a-z]+$/.test(first) && !isDatabase(first)
    return isWord && nearestOf(first, Object.keys(commands)) !== undefined ? args : ['summary', ...args]
  }
  // The command's name is mistyped. The other word is the database.
  return isDatabase(second) && !isDatabase(first) ? args : [second, first, ...rest]
}

const isDatabase = (word: string): boolean => isServer(word) || existsSync(word)
