import { nearestOf } from '@go-go-scope/persistence-core/integration'
import { UsageError } from './exit-codes.js'

/** An argument, as commands declare it for citty. */
export interface Argument {
  readonly type: string
  readonly description?: string
  /** For a boolean with the default `true`: describes its `--no-` form. */
  readonly negativeDescription?: string
  readonly required?: boolean
  readonly default?: unknown
  readonly valueHint?: string
}

/** A command of citty. Its own types are not exported, because citty is bundled. */
export interface Command {
  readonly meta?: unknown
  readonly args?: unknown
  readonly run?: unknown
  readonly subCommands?: unknown
}

/** The part of a command that its help, its completions and the check of its arguments use. */
export interface DeclaredCommand {
  readonly meta: { readonly name: string; readonly description: string }
  readonly args: Readonly<Record<string, Argument>>
}

/** Returns the usage of a command, for example `scopedb <db> locks [options]`. */
export function usageOf({ meta, args }: DeclaredCommand): string {
  const shown = (name: string): string => (args[name]?.required === false ? `[${name}]` : `<${name}>`)
  const positionals = Object.keys(args).filter((name) => args[name]?.type === 'positional')
  const [first, ...others] = positionals
  const words = first === 'db' ? ['<db>', meta.name, ...others.map(shown)] : [meta.name, ...positionals.map(shown)]
  const needed = optionsOf(args)
    .filter(([, { required }]) => required === true)
    .map(([name, argument]) => optionName(name, argument))
  return `scopedb ${[...words, ...needed].join(' ')} [options]`
}

/** Returns the arguments that are not positional. */
export function optionsOf(args: DeclaredCommand['args']): [string, Argument][] {
  return Object.entries(args).filter(([, { type }]) => type !== 'positional')
}

/** Returns the form of an option, for example `--limit N`. */
export function optionName(name: string, { type, default: usual, valueHint }: Argument): string {
  if (type !== 'boolean') return `--${name} ${valueHint ?? 'TEXT'}`
  return usual === true ? `--no-${name}` : `--${name}`
}

/** Returns the description of an option in the form of {@link optionName}. */
export function optionAbout({ description = '', negativeDescription, ...argument }: Argument): string {
  if (argument.type === 'boolean') return (argument.default === true ? negativeDescription : undefined) ?? description
  return argument.default === undefined ? description : `${description} (default: ${argument.default})`
}

/**
 * Refuses unknown options and surplus arguments, because a mistyped option of a command that removes something must not be
 * ignored.
 *
 * @throws UsageError
 */
export function checkArguments(command: DeclaredCommand, given: readonly string[]): void {
  const options = new Map(optionsOf(command.args))
  const refusal = (problem: string): UsageError =>
    new UsageError(`${problem}; ${usageOf(command)}, and scopedb ${command.meta.name} --help`)
  const words: string[] = []
  const named = new Set<string>()
  for (let at = 0; at < given.length; at++) {
    const word = given[at] ?? ''
    if (word === '--') {
      words.push(...given.slice(at + 1))
      break
    }
    if (!word.startsWith('-') || word === '-') {
      words.push(word)
      continue
    }
    const [name = '', value] = word.replace(/^--/, '').split('=', 2)
    const option = options.get(name) ?? options.get(name.replace(/^no-/, ''))
    // Every command accepts it, for scripts that always pass it.
    if (name === 'no-color' || name === 'color') continue
    if (option === undefined)
      throw refusal(`there is no option ${word}${didYouMean(nearestOf(name, [...options.keys()]), '--')}`)
    named.add(name)
    if (option.type !== 'boolean' && value === undefined && given[++at] === undefined)
      throw refusal(`${word} needs a value`)
  }
  const positionals = Object.entries(command.args).filter(([, { type }]) => type === 'positional')
  const surplus = words[positionals.length]
  if (surplus !== undefined) throw refusal(`there is nothing to do with ${JSON.stringify(surplus)}`)
  const missing = positionals.slice(words.length).find(([, { required }]) => required !== false)
  if (missing !== undefined) throw refusal(`${missing[0]} is missing (${missing[1].description})`)
  for (const [name, option] of options)
    if (option.required === true && !named.has(name)) throw refusal(`${optionName(name, option)} is missing`)
}

/** Returns a suggestion for an error message, or an empty text if there is none. */
export function didYouMean(nearest: string | undefined, before = ''): string {
  return nearest === undefined ? '' : ` (did you mean ${before}${nearest}?)`
}
