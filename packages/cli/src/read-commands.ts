import { color, db, formatOf, immutable, json, jsonl, prefix, prefixToLookAt, startsWith, whole } from './arguments.js'
import { type Argument, type Arguments, type Command, defineCommand } from './command-line.js'
import { type Asked, LISTS, type List, printList, printPrefixes } from './lists.js'
import { inspectionOf, withDatabase } from './open-database.js'
import { serve } from './serve.js'
import { summary, watch } from './summary.js'
import { task } from './task.js'

const LIST_OPTIONS = {
  startsWith,
  limit: { type: 'string', description: 'maximum number of items', valueHint: 'N' },
  expired: { type: 'boolean', description: 'include expired and released items' },
  values: { type: 'boolean', description: 'include the stored values' },
} as const satisfies Record<keyof Asked, Argument>

/** The commands that show the content of a database. */
export const READ_COMMANDS: Readonly<Record<string, Command>> = {
  summary: defineCommand({
    meta: { name: 'summary', description: 'a summary of the database; also: scopedb <db>' },
    args: { db, immutable, json, color },
    run: ({ args }) => summary(args.db, args),
  }),
  ...Object.fromEntries(Object.entries(LISTS).map(([name, list]) => [name, listCommand(name, list as List<object>)])),
  prefixes: defineCommand({
    meta: { name: 'prefixes', description: 'key prefixes in use' },
    args: { db, immutable, json, jsonl, color },
    run: ({ args }) =>
      withDatabase(args.db, { immutable: args.immutable }, (database) =>
        printPrefixes(database.inspect({ prefix: '*' }).prefixes(), formatOf(args)),
      ),
  }),
  task: defineCommand({
    meta: { name: 'task', description: 'the checkpoints of a task, as a timeline' },
    args: {
      db,
      immutable,
      id: { type: 'positional', required: true, description: 'the id of the task' },
      prefix: { ...prefix, description: 'the keyPrefix of the app (default: the first prefix with such a task)' },
      diff: {
        type: 'string',
        description: 'two sequence numbers, such as 7:8; shows how the data changed between them',
        valueHint: 'A:B',
      },
      json,
      color,
    },
    run: ({ args }) => task(args.db, args.id, args),
  }),
  watch: defineCommand({
    meta: { name: 'watch', description: 'the summary, refreshed until Ctrl-C' },
    args: {
      db,
      immutable,
      every: { type: 'string', default: '1000', description: 'ms between two refreshes', valueHint: 'MS' },
      color,
    },
    run: ({ args }) => watch(args.db, { ...args, every: whole(args.every, 'every') }),
  }),
  serve: defineCommand({
    meta: {
      name: 'serve',
      description: 'a live page for browsers on this machine, served until Ctrl-C',
    },
    args: {
      db,
      immutable,
      port: { type: 'string', description: 'the port to listen on (default: any free one)', valueHint: 'N' },
      values: { type: 'boolean', description: 'let the page show stored values, one at a time' },
      write: { type: 'boolean', description: 'let the page make changes, after a confirmation' },
      host: {
        type: 'string',
        description: 'the address to listen on, instead of this machine only; needs --behind-tls',
        valueHint: 'A',
      },
      'behind-tls': {
        type: 'string',
        description: 'the host name of a TLS proxy that forwards requests',
        valueHint: 'NAME',
      },
    },
    run: ({ args }) => serve(args.db, { ...args, port: whole(args.port, 'port'), behindTls: args['behind-tls'] }),
  }),
}

function listCommand(name: string, list: List<object>): Command {
  const taken = Object.fromEntries(
    list.takes.map((option) => [option === 'startsWith' ? 'starts-with' : option, LIST_OPTIONS[option]]),
  )
  return defineCommand({
    meta: { name, description: list.about },
    args: { db, immutable, prefix: prefixToLookAt, ...taken, json, jsonl, color } as Arguments,
    run({ args }) {
      const given = args as Record<string, unknown>
      const starts = given['starts-with'] as string | undefined
      const limit = whole(given.limit, 'limit')
      const asked: Asked = {
        ...(starts !== undefined && { startsWith: starts }),
        ...(limit !== undefined && { limit }),
        ...(given.expired === true && { expired: true }),
        ...(given.values === true && { values: true }),
      }
      // `startsWith` needs one prefix. The default is the empty one, of apps without a prefix.
      const looked = (given.prefix as string | undefined) ?? (starts === undefined ? undefined : '')
      const how = { prefix: looked, immutable: given.immutable === true }
      return withDatabase(String(given.db), how, (database) =>
        printList(list, list.items(inspectionOf(database, looked), asked), formatOf(given)),
      )
    },
  })
}
