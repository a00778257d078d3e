import { invalidCallOption, type OptionNames, readOptions } from '@go-go-scope/persistence-core/dialect'
import { isSchemaName, SCHEMA_NAME } from '../options.js'

const OPERATION = 'copy'

const IS_BOOLEAN = [(value: unknown) => typeof value === 'boolean', 'true or false'] as const
const IS_FUNCTION = [(value: unknown) => typeof value === 'function', 'a function'] as const
const WANTED: Readonly<Record<string, readonly [accepts: (value: unknown) => boolean, wanted: string]>> = {
  schema: [isSchemaName, SCHEMA_NAME],
  dryRun: IS_BOOLEAN,
  acceptClock: IS_BOOLEAN,
  wait: [(value) => typeof value === 'number' && value >= 0, 'a number of ms from 0'],
  waiting: IS_FUNCTION,
  progress: IS_FUNCTION,
  timeZone: [(value) => typeof value === 'string', 'the name of a time zone'],
}

/** Returns checked options of a copy: a misspelt `dryRun` must not move anything. @throws PersistenceError `INVALID_ARGUMENT`. */
export function copyOptions<Options extends object>(given: Options, names: OptionNames<Options>): Options {
  const options = readOptions(given, names, OPERATION)
  for (const [name, value] of Object.entries(options)) {
    const check = WANTED[name]
    if (check === undefined) continue
    const [accepts, wanted] = check
    if (!accepts(value)) throw invalidCallOption(OPERATION, name, value, wanted)
  }
  return options
}
