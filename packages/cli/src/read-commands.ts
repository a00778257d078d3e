import { type ArgsDef, defineCommand } from 'citty'
import { color, db, formatOf, json, jsonl, prefix, prefixToLookAt, startsWith, whole } from './arguments.js'
import type { Command } from './command-line.js'
import { type Asked, LISTS, type List, printList, printPrefixes } from './lists.js'
import { withDatabase } from './open-database.js'
import { serve } from './serve.js'
import { summary, watch } from './summary.js'
import { task } from './task.js'

const LIST_OPTIONS = {
  startsWith,
  limit: { type: 'string', description: 'most items', valueHint: 'N' },
  expired: { type: 'boolean', description: 'also what has expired or was given back' },
  values: { type: 'boolean', description: 'with the stored values' },
} as const satisfies Record<keyof Asked, ArgsDef[string]>

/** The commands that show what is in a database. */
export const READ_COMMANDS: Readonly<Record<string, Command>> = {
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
      prefix: { ...prefix, description: 'the keyPrefix of the app (default: the first that has such a task)' },
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
      port: { type: 'string', description: 'where it listens (default: any that is free)', valueHint: 'N' },
      values: { type: 'boolean', description: 'let the page show stored values, one at a time' },
      write: { type: 'boolean', description: 'let the page change what is there, after it asked' },
      host: {
        type: 'string',
        description: 'listen at this address instead of at this machine alone; needs --behind-tls',
        valueHint: 'A',
      },
      'behind-tls': {
        type: 'string',
        description: 'the name of a proxy with TLS that hands requests on',
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
    args: { db, prefix: prefixToLookAt, ...taken, json, jsonl, color } as ArgsDef,
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
      // Keys that begin alike are asked for in one prefix: that of apps without one, if none is named.
      const looked = (given.prefix as string | undefined) ?? (starts === undefined ? '*' : '')
      return withDatabase(String(given.db), {}, (database) =>
        printList(list, list.items(database.inspect({ prefix: looked }), asked), formatOf(given)),
      )
    },
  })
}
