import { type ArgsDef, defineCommand } from 'citty'
import { circuit, clear, deleteResult, freeClaim, prune, releaseLock } from './changes.js'
import { doctor, verify } from './checks.js'
import type { DeclaredCommand } from './command-line.js'
import { type Choices, completionsOf, printCompletions, wordsOfLine } from './completions.js'
import { backupDatabase, restoreDatabase } from './copies.js'
import { UsageError } from './exit-codes.js'
import { type Asked, LISTS, type List, printList, printPrefixes } from './lists.js'
import { migrate } from './migrate.js'
import { withDatabase } from './open-database.js'
import { type Format, write } from './output.js'
import { serve } from './serve.js'
import { summary, watch } from './summary.js'
import { task } from './task.js'
import { exportDatabase } from './transfer/export.js'
import { importDatabase } from './transfer/import.js'

/** A command of citty, whose types stay inside: it is bundled. */
export interface Command {
  readonly meta?: unknown
  readonly args?: unknown
  readonly run?: unknown
  readonly subCommands?: unknown
}

const db = { type: 'positional', required: true, description: 'a SQLite file, or a postgres:// URL' } as const
const prefix = { type: 'string', description: 'the keyPrefix of the app', valueHint: 'P' } as const
const json = { type: 'boolean', description: 'as JSON' } as const
const jsonl = { type: 'boolean', description: 'as one JSON object a line' } as const
const color = {
  type: 'boolean',
  default: true,
  description: 'colours, in a terminal',
  negativeDescription: 'no colours',
} as const
const yes = { type: 'boolean', description: 'do it without asking' } as const

const OF_LISTS = {
  startsWith: { type: 'string', description: 'only keys that begin so; with --prefix', valueHint: 'K' },
  limit: { type: 'string', description: 'most items', valueHint: 'N' },
  expired: { type: 'boolean', description: 'also what has expired or was given back' },
  values: { type: 'boolean', description: 'with the stored values' },
} as const satisfies Record<keyof Asked, ArgsDef[string]>

/** Every command by its name. */
export const commands: Readonly<Record<string, Command>> = {
  summary: defineCommand({
    meta: { name: 'summary', description: 'what is in the database, in short; also: scopedb <db>' },
    args: { db, json, color },
    run: ({ args }) => summary(args.db, args.json === true),
  }),
  ...Object.fromEntries(Object.entries(LISTS).map(([name, list]) => [name, listCommand(name, list as List<object>)])),
  prefixes: defineCommand({
    meta: { name: 'prefixes', description: 'key prefixes that are in use' },
    args: { db, json, jsonl, color },
    run: ({ args }) =>
      withDatabase(args.db, {}, (database) =>
        printPrefixes(database.inspect({ prefix: '*' }).prefixes(), formatOf(args)),
      ),
  }),
  task: defineCommand({
    meta: { name: 'task', description: 'the checkpoints of a task, as a timeline' },
    args: {
      db,
      id: { type: 'positional', required: true, description: 'the id of the task' },
      prefix,
      diff: {
        type: 'string',
        description: 'two sequences, as in 7:8: what changed in the data between them',
        valueHint: 'A:B',
      },
      json,
      color,
    },
    run: ({ args }) => task(args.db, args.id, args),
  }),
  watch: defineCommand({
    meta: { name: 'watch', description: 'the summary, drawn anew as it changes, until Ctrl-C' },
    args: {
      db,
      every: { type: 'string', default: '1000', description: 'ms between two looks', valueHint: 'MS' },
      color,
    },
    run: ({ args }) => watch(args.db, whole(args.every, 'every')),
  }),
  serve: defineCommand({
    meta: {
      name: 'serve',
      description: 'a page for a browser of this machine that shows all of it, live, until Ctrl-C',
    },
    args: {
      db,
      port: { type: 'string', description: 'default: any that is free', valueHint: 'N' },
      values: { type: 'boolean', description: 'let the page show stored values, one at a time' },
      host: {
        type: 'string',
        description: 'listen at this address instead of at this machine alone; with --behind-tls',
        valueHint: 'A',
      },
      'behind-tls': {
        type: 'string',
        description: 'the name under which a proxy with TLS is reached that hands requests on',
        valueHint: 'NAME',
      },
    },
    run: ({ args }) => serve(args.db, { ...args, port: whole(args.port, 'port'), behindTls: args['behind-tls'] }),
  }),
  verify: defineCommand({
    meta: {
      name: 'verify',
      description: 'reads everything: pages, schema and each stored value; ends with 1 if it found something',
    },
    args: { db, json, color },
    run: ({ args }) => verify(args.db, args.json === true),
  }),
  doctor: defineCommand({
    meta: { name: 'doctor', description: 'where the database runs and who uses it; ends with 1 if something is wrong' },
    args: { db, json, color },
    run: ({ args }) => doctor(args.db, args.json === true),
  }),
  backup: defineCommand({
    meta: {
      name: 'backup',
      description: 'copies the database as it is now, while others use it, and verifies the copy',
    },
    args: {
      db,
      to: { type: 'positional', required: true, description: 'a file that does not exist yet' },
      'max-bytes-per-second': { type: 'string', description: 'slower, and gentler on the disk', valueHint: 'N' },
      json,
      color,
    },
    run: ({ args }) =>
      backupDatabase(args.db, args.to, whole(args['max-bytes-per-second'], 'max-bytes-per-second'), args.json === true),
  }),
  restore: defineCommand({
    meta: {
      name: 'restore',
      description: 'puts a backup in the place of a database that nobody has open; the old file is kept',
    },
    args: {
      from: { type: 'positional', required: true, description: 'the backup' },
      to: { type: 'positional', required: true, description: 'the path of the database' },
      json,
      yes,
      color,
    },
    run: ({ args }) => restoreDatabase(args.from, args.to, args),
  }),
  circuit: defineCommand({
    meta: { name: 'circuit', description: 'closes a circuit (reset), or opens it until it is reset (isolate)' },
    args: {
      db,
      action: { type: 'positional', required: true, description: 'reset or isolate' },
      key: { type: 'positional', required: true, description: 'of the circuit' },
      prefix,
      yes,
    },
    run: ({ args }) => circuit(args.db, args.action, args.key, args),
  }),
  lock: defineCommand({
    meta: { name: 'lock', description: 'ends the hold of a lock, if it still has the token that was seen' },
    args: {
      db,
      action: { type: 'positional', required: true, description: 'release' },
      key: { type: 'positional', required: true, description: 'of the lock' },
      token: { type: 'string', required: true, description: 'as `scopedb <db> locks` shows it', valueHint: 'N' },
      prefix,
      yes,
    },
    run: ({ args }) => {
      if (args.action !== 'release') throw new UsageError(`there is no lock ${args.action}; there is lock release`)
      return releaseLock(args.db, args.key, whole(args.token, 'token') ?? 0, args)
    },
  }),
  claim: defineCommand({
    meta: {
      name: 'claim',
      description: 'frees an idempotency key whose claimant is gone, if it has the generation that was seen',
    },
    args: {
      db,
      action: { type: 'positional', required: true, description: 'free' },
      key: { type: 'positional', required: true, description: 'that is claimed' },
      generation: { type: 'string', required: true, description: 'as `scopedb <db> claims` shows it', valueHint: 'N' },
      prefix,
      yes,
    },
    run: ({ args }) => {
      if (args.action !== 'free') throw new UsageError(`there is no claim ${args.action}; there is claim free`)
      return freeClaim(args.db, args.key, whole(args.generation, 'generation') ?? 0, args)
    },
  }),
  result: defineCommand({
    meta: { name: 'result', description: 'removes the result of an idempotency key, so that its work may run again' },
    args: {
      db,
      action: { type: 'positional', required: true, description: 'delete' },
      key: { type: 'positional', required: true, description: 'of the result' },
      prefix,
      yes,
    },
    run: ({ args }) => {
      if (args.action !== 'delete') throw new UsageError(`there is no result ${args.action}; there is result delete`)
      return deleteResult(args.db, args.key, args)
    },
  }),
  clear: defineCommand({
    meta: { name: 'clear', description: 'removes cache entries' },
    args: { db, prefix, 'starts-with': OF_LISTS.startsWith, yes },
    run: ({ args }) => clear(args.db, args['starts-with'], args),
  }),
  prune: defineCommand({
    meta: { name: 'prune', description: 'removes what has expired' },
    args: { db, yes },
    run: ({ args }) => prune(args.db, args),
  }),
  export: defineCommand({
    meta: {
      name: 'export',
      description: 'cache entries, results, checkpoints and circuits as lines of JSON, which import reads',
    },
    args: {
      db,
      file: { type: 'positional', required: false, description: 'a file that does not exist yet; else stdout' },
      prefix,
    },
    run: ({ args }) => exportDatabase(args.db, args.file, args),
  }),
  import: defineCommand({
    meta: {
      name: 'import',
      description: 'writes the items of an export into a database, which is made if there is none',
    },
    args: {
      db,
      file: { type: 'positional', required: false, description: 'the export; else stdin' },
      conflicts: {
        type: 'string',
        default: 'fail',
        description: 'what becomes of an item whose key is taken: fail, skip or replace',
        valueHint: 'HOW',
      },
      json,
      yes,
    },
    run: ({ args }) => importDatabase(args.db, args.file, { ...args, json: args.json === true }),
  }),
  migrate: defineCommand({
    meta: { name: 'migrate', description: 'brings the tables up to date; with --dry-run only names the steps' },
    args: {
      db,
      'dry-run': { type: 'boolean', description: 'change nothing' },
      backup: {
        type: 'string',
        description: 'a file that does not exist yet: the database as it was',
        valueHint: 'FILE',
      },
      json,
      yes,
    },
    run: ({ args }) => migrate(args.db, { ...args, dryRun: args['dry-run'] === true, json: args.json === true }),
  }),
  completions: defineCommand({
    meta: { name: 'completions', description: 'what a shell sources to complete commands: bash, zsh or fish' },
    args: { shell: { type: 'positional', required: true, description: 'bash, zsh or fish' } },
    run: ({ args }) => printCompletions(args.shell),
  }),
}

const CHOICES: Choices = {
  circuit: { action: ['reset', 'isolate'] },
  lock: { action: ['release'] },
  claim: { action: ['free'] },
  result: { action: ['delete'] },
  import: { conflicts: ['fail', 'skip', 'replace'] },
  completions: { shell: ['bash', 'zsh', 'fish'] },
}

/** Tells the script of a shell which words can follow. @param given The words, or `--line` and the line up to the cursor. */
export async function complete(given: readonly string[]): Promise<void> {
  const words = given[0] === '--line' ? wordsOfLine(given[1] ?? '') : given
  const lines = completionsOf(words, commands as Readonly<Record<string, DeclaredCommand>>, CHOICES)
  await write(lines.map((line) => `${line}\n`).join(''))
}

function listCommand(name: string, list: List<object>): Command {
  const taken = Object.fromEntries(
    list.takes.map((option) => [option === 'startsWith' ? 'starts-with' : option, OF_LISTS[option]]),
  )
  return defineCommand({
    meta: { name, description: list.about },
    args: { db, prefix, ...taken, json, jsonl, color } as ArgsDef,
    run({ args }) {
      const given = args as Record<string, unknown>
      const startsWith = given['starts-with'] as string | undefined
      const limit = whole(given.limit, 'limit')
      const asked: Asked = {
        ...(startsWith !== undefined && { startsWith }),
        ...(limit !== undefined && { limit }),
        ...(given.expired === true && { expired: true }),
        ...(given.values === true && { values: true }),
      }
      // Keys that begin alike are asked for in one prefix: that of apps without one, if none is named.
      const looked = (given.prefix as string | undefined) ?? (startsWith === undefined ? '*' : '')
      return withDatabase(String(given.db), {}, (database) =>
        printList(list, list.items(database.inspect({ prefix: looked }), asked), formatOf(given)),
      )
    },
  })
}

function formatOf({ json, jsonl }: { json?: unknown; jsonl?: unknown }): Format {
  if (json === true && jsonl === true) throw new UsageError('--json or --jsonl: one of the two')
  return jsonl === true ? 'jsonl' : json === true ? 'json' : 'table'
}

/** @throws UsageError unless it is a whole number from 1. */
function whole(text: unknown, name: string): number | undefined {
  if (text === undefined) return undefined
  const number = Number(text)
  if (Number.isSafeInteger(number) && number > 0) return number
  throw new UsageError(`--${name} must be a whole number from 1, got ${String(text)}`)
}
