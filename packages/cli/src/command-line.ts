import { parseArgs } from 'node:util'
import { nearestOf } from '@go-go-scope/persistence-core/integration'
import { UsageError } from './exit-codes.js'

/** An argument of a command. An option of the type `string` takes a value, one of the type `boolean` none. */
export interface Argument {
  readonly type: 'positional' | 'string' | 'boolean'
  readonly description: string
  /** For a boolean with the default `true`: describes its `--no-` form. */
  readonly negativeDescription?: string
  /** Default: `true` for a positional argument, `false` for an option. */
  readonly required?: boolean
  readonly default?: string | boolean
  readonly valueHint?: string
}

export type Arguments = Readonly<Record<string, Argument>>

/** The values of arguments by name, whatever was declared. */
export type GivenArguments = Readonly<Record<string, string | boolean | undefined>>

/** The values of arguments by name, by their declarations. */
type Values<Args extends Arguments> = {
  readonly [Name in keyof Args]: Args[Name] extends { type: 'boolean' }
    ? boolean | undefined
    : Args[Name] extends { required: true } | { default: string }
      ? string
      : string | undefined
}

interface Declaration<Args, Given> {
  readonly meta: { readonly name: string; readonly description: string }
  readonly args: Args
  /** Returns or resolves to the exit code; anything else is a success. */
  readonly run: (context: { readonly args: Given }) => unknown
}

/** A command of `scopedb`. */
export type Command = Declaration<Arguments, GivenArguments>

/** Declares a command whose `run` gets the values by the types of its arguments. */
export function defineCommand<const Args extends Arguments>(declared: Declaration<Args, Values<Args>>): Command {
  // `readArguments` makes the values by the same declaration.
  return declared as unknown as Command
}

/** Returns the usage of a command, for example `scopedb <db> locks [options]`. */
export function usageOf({ meta, args }: Command): string {
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
export function optionsOf(args: Arguments): [string, Argument][] {
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

const HELP = ['-h', '--help']

/**
 * Reads the arguments of a command. Refuses unknown options and surplus arguments, because a mistyped option of a command that
 * removes something must not be ignored.
 *
 * @returns `undefined` if they ask for help.
 * @throws UsageError
 */
export function readArguments(command: Command, given: readonly string[]): GivenArguments | undefined {
  const options = new Map(optionsOf(command.args))
  const refusal = (problem: string): UsageError =>
    new UsageError(`${problem}; ${usageOf(command)}, and scopedb ${command.meta.name} --help`)
  const words: string[] = []
  const values = new Map<string, string | boolean>()
  const declared = Object.fromEntries(
    [...options].map(([name, { type }]) => [name, { type: type as 'string' | 'boolean' }]),
  )
  // It is not strict, because its own refusals name neither the command nor the option that was meant.
  const { tokens } = parseArgs({ args: [...given], options: declared, strict: false, tokens: true })
  // Before anything is refused. A key or the value of an option may be the same word, and -xh is none of ours.
  const isHelp = ({ kind, index }: { kind: string; index: number }): boolean =>
    kind === 'option' && HELP.includes(given[index] ?? '')
  if (tokens.some(isHelp)) return undefined
  for (const token of tokens) {
    if (token.kind === 'positional') words.push(token.value)
    if (token.kind !== 'option') continue
    const { name: flag, rawName, value, inlineValue, index } = token
    // Every command accepts it, for scripts that always pass it.
    if (flag === 'no-color' || flag === 'color') continue
    const positive = flag.replace(/^no-/, '')
    const isNegative = !options.has(flag) && options.get(positive)?.type === 'boolean'
    const name = isNegative ? positive : flag
    const option = options.get(name)
    if (option === undefined) {
      const word = given[index] ?? rawName
      const [meant = ''] = word.replace(/^-+(no-)?/, '').split('=')
      throw refusal(`there is no option ${word}${didYouMean(nearestOf(meant, [...options.keys()]), '--')}`)
    }
    if (option.type === 'boolean') {
      // `--yes=no` would be taken for a yes.
      if (value !== undefined) throw refusal(`${rawName} takes no value`)
      values.set(name, !isNegative)
      continue
    }
    if (value === undefined) throw refusal(`${rawName} needs a value`)
    // In a script, the value may be an empty variable.
    if (!inlineValue && value.startsWith('--'))
      throw refusal(`${rawName} needs a value; one that begins so is written as ${rawName}=${value}`)
    values.set(name, value)
  }
  const positionals = Object.entries(command.args).filter(([, { type }]) => type === 'positional')
  const surplus = words[positionals.length]
  if (surplus !== undefined) throw refusal(`there is nothing to do with ${JSON.stringify(surplus)}`)
  for (const [at, [name, { required, description }]] of positionals.entries()) {
    const word = words[at]
    if (word !== undefined) values.set(name, word)
    else if (required !== false) throw refusal(`${name} is missing (${description})`)
  }
  for (const [name, option] of options) {
    if (values.has(name)) continue
    if (option.required === true) throw refusal(`${optionName(name, option)} is missing (${option.description})`)
    if (option.default !== undefined) values.set(name, option.default)
  }
  return Object.fromEntries(values)
}

/** Returns a suggestion for an error message, or an empty text if there is none. */
export function didYouMean(nearest: string | undefined, before = ''): string {
  return nearest === undefined ? '' : ` (did you mean ${before}${nearest}?)`
}
