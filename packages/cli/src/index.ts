import { type CommandDef, runCommand } from 'citty'
import { type Command, checkArguments, type DeclaredCommand } from './command-line.js'
import { commands, complete } from './commands.js'
import { EXIT, exitCodeOf, UsageError } from './exit-codes.js'
import { helpOf, helpOfCommand } from './help.js'
import { endWithReader, say, write } from './output.js'
import { printVersion } from './version.js'

/**
 * Runs `scopedb`: data goes to stdout, all else to stderr.
 *
 * @param args Without the runtime and the script.
 * @returns the exit code; see the README.
 */
export async function run(args: readonly string[]): Promise<number> {
  endWithReader()
  const given = inOrder(args)
  const [name = '', ...rest] = given
  const command: Command | undefined = Object.hasOwn(commands, name) ? commands[name] : undefined
  try {
    const declared = commands as Readonly<Record<string, DeclaredCommand>>
    if (given.length === 0) {
      say(helpOf(declared))
      return EXIT.usage
    }
    if (name === '--help' || name === '-h') {
      await write(`${helpOf(declared)}\n`)
      return EXIT.ok
    }
    if (name === '--version' || name === '-v') {
      await printVersion()
      return EXIT.ok
    }
    // What the scripts of `completions` call; no command, so that it is not listed.
    if (name === 'complete') {
      await complete(rest)
      return EXIT.ok
    }
    if (command === undefined) throw new UsageError(`there is no command ${name}; scopedb --help lists them`)
    if (rest.includes('--help') || rest.includes('-h')) {
      await write(`${helpOfCommand(command as DeclaredCommand)}\n`)
      return EXIT.ok
    }
    checkArguments(command as DeclaredCommand, rest)
    const { result } = await runCommand(command as CommandDef, { rawArgs: [...rest] })
    return typeof result === 'number' ? result : EXIT.ok
  } catch (error) {
    const { code, message } = exitCodeOf(error)
    say(`scopedb: ${message}`)
    return code
  }
}

/** The command first: the database may be named before it, as in `scopedb app.db locks`. */
function inOrder(args: readonly string[]): readonly string[] {
  const [first, second, ...rest] = args
  if (first === undefined || first.startsWith('-') || first === 'complete' || Object.hasOwn(commands, first))
    return args
  if (second !== undefined && Object.hasOwn(commands, second)) return [second, first, ...rest]
  // A database alone: what is in it, in short. A word that is neither is a mistake in the command's name.
  if (second === undefined || second.startsWith('-')) return ['summary', ...args]
  return [second, first, ...rest]
}
