import { ACTION_COMMANDS, ACTIONS } from './action-commands.js'
import { color, db, immutable, json, jsonl, prefixToLookAt, whole, yes } from './arguments.js'
import { doctor, verify } from './checks.js'
import { type Command, defineCommand } from './command-line.js'
import { type Choices, completionsOf, printCompletions, SHELLS, wordsOfLine } from './completions.js'
import { backupDatabase, restoreDatabase } from './copies.js'
import { migrate } from './migrate.js'
import { write } from './output.js'
import { READ_COMMANDS } from './read-commands.js'
import { printSchema, WITH_SCHEMA } from './schemas/print-schema.js'
import { exportDatabase } from './transfer/export.js'
import { importDatabase } from './transfer/import.js'
import { CONFLICTS } from './transfer/import-item.js'

/** All commands by name. */
export const commands: Readonly<Record<string, Command>> = {
  ...READ_COMMANDS,
  verify: defineCommand({
    meta: {
      name: 'verify',
      description: 'checks pages, schema and each stored value; exits with 1 if it finds a problem',
    },
    args: { db, immutable, json, color },
    run: ({ args }) => verify(args.db, args),
  }),
  doctor: defineCommand({
    meta: {
      name: 'doctor',
      description:
        'shows where the database runs, what is unsafe there, and what dead processes hold; exits with 1 if it finds a problem',
    },
    args: { db, immutable, json, color },
    run: ({ args }) => doctor(args.db, args),
  }),
  backup: defineCommand({
    meta: {
      name: 'backup',
      description: 'copies the database while it is in use, and verifies the copy',
    },
    args: {
      immutable,
      db: { ...db, description: 'a SQLite file; a PostgreSQL database is copied with pg_dump' },
      to: { type: 'positional', required: true, description: 'a file that does not exist yet' },
      'max-bytes-per-second': {
        type: 'string',
        description: 'a limit for the copy, to spare the disk',
        valueHint: 'N',
      },
      json,
      color,
    },
    run: ({ args }) =>
      backupDatabase(args.db, args.to, whole(args['max-bytes-per-second'], 'max-bytes-per-second'), args),
  }),
  restore: defineCommand({
    meta: {
      name: 'restore',
      description: 'replaces a database that no process has open by a backup; keeps the old file',
    },
    args: {
      from: { type: 'positional', required: true, description: 'the backup' },
      to: { type: 'positional', required: true, description: 'the path of the database' },
      'allow-unverified': { type: 'boolean', description: 'accept a copy without a manifest, made by another program' },
      json,
      yes,
      color,
    },
    run: ({ args }) => restoreDatabase(args.from, args.to, args),
  }),
  ...ACTION_COMMANDS,
  export: defineCommand({
    meta: {
      name: 'export',
      description: 'writes cache entries, results, checkpoints and circuits as lines of JSON for import',
    },
    args: {
      db,
      immutable,
      file: { type: 'positional', required: false, description: 'a file that does not exist yet (default: stdout)' },
      prefix: prefixToLookAt,
    },
    run: ({ args }) => exportDatabase(args.db, args.file, args),
  }),
  import: defineCommand({
    meta: {
      name: 'import',
      description: 'writes the items of an export into a database; creates a missing file',
    },
    args: {
      db,
      file: { type: 'positional', required: false, description: 'the export (default: stdin)' },
      conflicts: {
        type: 'string',
        default: 'fail',
        description: `what to do if the key of an item exists: ${inWords(CONFLICTS)}`,
        valueHint: 'HOW',
      },
      json,
      yes,
    },
    run: ({ args }) => importDatabase(args.db, args.file, { ...args, json: args.json === true }),
  }),
  migrate: defineCommand({
    meta: {
      name: 'migrate',
      description: 'creates the tables or brings them up to date; --dry-run only lists the steps',
    },
    args: {
      db,
      'dry-run': { type: 'boolean', description: 'change nothing' },
      backup: {
        type: 'string',
        description: 'a new file for a copy of the database before the change; not for PostgreSQL',
        valueHint: 'FILE',
      },
      into: {
        type: 'string',
        description: 'a new file for a copy that is brought up to date instead; not for PostgreSQL',
        valueHint: 'FILE',
      },
      json,
      yes,
    },
    run: ({ args }) => migrate(args.db, { ...args, dryRun: args['dry-run'] === true, json: args.json === true }),
  }),
  schema: defineCommand({
    meta: {
      name: 'schema',
      description: 'the JSON Schema of what a command prints with --json, or of a line with --jsonl',
    },
    args: {
      command: { type: 'positional', required: true, description: `one of ${inWords(WITH_SCHEMA)}` },
      json: { ...json, description: 'for the output of --json (the default)' },
      jsonl: { ...jsonl, description: 'for a line of --jsonl' },
    },
    run: ({ args }) => printSchema(args.command, args),
  }),
  completions: defineCommand({
    meta: { name: 'completions', description: `the completion script for a shell: ${inWords(SHELLS)}` },
    args: { shell: { type: 'positional', required: true, description: inWords(SHELLS) } },
    run: ({ args }) => printCompletions(args.shell),
  }),
}

const CHOICES: Choices = {
  ...Object.fromEntries(Object.entries(ACTIONS).map(([name, action]) => [name, { action }])),
  import: { conflicts: CONFLICTS },
  completions: { shell: SHELLS },
  schema: { command: WITH_SCHEMA },
}

/**
 * Prints the words that can follow, for a shell's completion script.
 *
 * @param given The words, or `--line` and the line up to the cursor, or `--line-base64` and that line in base64.
 */
export async function complete(given: readonly string[]): Promise<void> {
  const [how, line = ''] = given
  const words = how === '--line' ? wordsOfLine(line) : how === '--line-base64' ? wordsOfLine(fromBase64(line)) : given
  const lines = completionsOf(words, commands, CHOICES)
  await write(lines.map((line) => `${line}\n`).join(''))
}

const fromBase64 = (text: string): string => Buffer.from(text, 'base64').toString('utf8')

/** Joins words, for example to `fail, skip or replace`. */
function inWords(words: readonly string[]): string {
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
}
