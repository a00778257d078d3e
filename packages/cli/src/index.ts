import { type CommandDef, runCommand, showUsage } from 'citty'
import { type Command, commands, complete, scopedb } from './commands.js'
import { EXIT, exitCodeOf, UsageError } from './exit-codes.js'
import { endWithReader, say } from './output.js'

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
    if (given.length === 0 || name === '--help' || name === '-h') {
      await showUsage(scopedb as CommandDef)
      return given.length === 0 ? EXIT.usage : EXIT.ok
    }
    // What the scripts of `completions` call; no command, so that it is not listed.
    if (name === 'complete') {
      await complete(rest)
      return EXIT.ok
    }
    if (command === undefined) throw new UsageError(`there is no command ${name}; scopedb --help lists them`)
    if (rest.includes('--help') || rest.includes('-h')) {
      await showUsage(command as CommandDef, scopedb as CommandDef)
      return EXIT.ok
    }
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
