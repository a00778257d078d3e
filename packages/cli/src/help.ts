import { type Command, optionAbout, optionName, optionsOf, usageOf } from './command-line.js'
import { paint } from './output.js'

type Commands = Readonly<Record<string, Command>>

const GROUPS: Readonly<Record<string, readonly string[]>> = {
  inspect: [
    'summary',
    'watch',
    'serve',
    'locks',
    'circuits',
    'claims',
    'results',
    'tasks',
    'task',
    'cache',
    'prefixes',
  ],
  check: ['verify', 'doctor'],
  repair: ['lock', 'claim', 'result', 'circuit', 'entry', 'clear', 'prune', 'migrate'],
  copy: ['backup', 'restore', 'export', 'import'],
}

/** Returns the help for all commands. */
export function helpOf(commands: Commands): string {
  const grouped = new Set(Object.values(GROUPS).flat())
  const groups = { ...GROUPS, more: Object.keys(commands).filter((name) => !grouped.has(name)) }
  const parts = Object.entries(groups).map(([title, names]) => {
    const rows = names.map((name) => [name, commands[name]?.meta.description ?? ''] as const)
    return `${paint('bold', title)}\n${list(rows)}`
  })
  return `scopedb <db> [command] [options]

Inspects, checks, copies and repairs a database of go-go-scope persistence. <db> is a SQLite file, or a postgres:// URL.

${parts.join('\n\n')}

scopedb <command> --help shows the arguments of a command.`
}

/** Returns the help for one command. */
export function helpOfCommand(command: Command): string {
  const positionals = Object.entries(command.args).filter(([, { type }]) => type === 'positional')
  const rows = [
    ...positionals.map(([name, { description = '' }]) => [`<${name}>`, description] as const),
    ...optionsOf(command.args).map(([name, argument]) => [optionName(name, argument), optionAbout(argument)] as const),
  ]
  return `${usageOf(command)}\n\n${command.meta.description}\n\n${list(rows)}`
}

function list(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length))
  return rows.map(([name, about]) => `  ${paint('cyan', name)}${' '.repeat(width - name.length)}  ${about}`).join('\n')
}
