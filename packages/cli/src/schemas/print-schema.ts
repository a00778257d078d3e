import { formatOf } from '../arguments.js'
import { UsageError } from '../exit-codes.js'
import { toJson, write } from '../output.js'
import { CHECKPOINT, COPY, DIAGNOSIS, IMPORTED, PLAN, RESTORED, SUMMARY, VERIFICATION } from './answers.js'
import { EXPORTED } from './exported.js'
import { CIRCUIT, CLAIM, ENTRY, LOCK, PREFIX, RESULT, TASK } from './items.js'
import { listOf, type Schema } from './schema.js'

/** The output of each command with `--json`. */
const WHOLE: Readonly<Record<string, Schema>> = {
  summary: SUMMARY,
  task: listOf(CHECKPOINT),
  verify: VERIFICATION,
  doctor: DIAGNOSIS,
  backup: COPY,
  restore: RESTORED,
  import: IMPORTED,
  migrate: PLAN,
}

/** The items of each list: a line each with `--jsonl`, an array with `--json`. */
const ITEMS: Readonly<Record<string, Schema>> = {
  locks: LOCK,
  circuits: CIRCUIT,
  claims: CLAIM,
  results: RESULT,
  tasks: TASK,
  cache: ENTRY,
  prefixes: PREFIX,
}

/** The commands whose output has a schema. */
export const WITH_SCHEMA: readonly string[] = [...Object.keys(WHOLE), ...Object.keys(ITEMS), 'export']

/** Prints the JSON Schema of a command's output with `--json`, or of a line with `--jsonl`. @throws UsageError */
export async function printSchema(command: string, asked: { json?: unknown; jsonl?: unknown }): Promise<void> {
  if (!WITH_SCHEMA.includes(command)) {
    throw new UsageError(`there is no schema of ${command}; there are those of ${WITH_SCHEMA.join(', ')}`)
  }
  const lines = formatOf(asked) === 'jsonl' || command === 'export'
  const schema = lines
    ? command === 'export'
      ? EXPORTED
      : ITEMS[command]
    : (WHOLE[command] ?? listOf(ITEMS[command] as Schema))
  if (schema === undefined) throw new UsageError(`${command} writes no lines of JSON; leave --jsonl out`)
  const title = `A ${lines ? 'line' : 'JSON text'} of scopedb ${command}`
  await write(`${toJson({ $schema: 'https://json-schema.org/draft/2020-12/schema', title, ...schema }, 2)}\n`)
}
