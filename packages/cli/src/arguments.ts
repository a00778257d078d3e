import { UsageError } from './exit-codes.js'
import type { Format } from './output.js'

/** Arguments that several commands take, and how they are read. */

export const db = { type: 'positional', required: true, description: 'a SQLite file, or a postgres:// URL' } as const
/** For commands that only read a database. */
export const immutable = {
  type: 'boolean',
  description: 'without locks, for a file that nobody can change, as on read-only media',
} as const
/** What commands that only read a database are given, besides what they read. */
export interface ReadOptions {
  readonly json?: boolean | undefined
  readonly immutable?: boolean | undefined
}
/** For commands that change something. They work under one prefix. */
export const prefix = {
  type: 'string',
  description: 'the keyPrefix of the app (default: none)',
  valueHint: 'P',
} as const
/** For commands that only read. */
export const prefixToLookAt = {
  type: 'string',
  description: 'the keyPrefix of one app (default: all)',
  valueHint: 'P',
} as const
export const startsWith = {
  type: 'string',
  description: 'only keys that start with this; without --prefix, only those of apps that have none',
  valueHint: 'K',
} as const
export const json = { type: 'boolean', description: 'as JSON' } as const
export const jsonl = { type: 'boolean', description: 'as one JSON object per line' } as const
export const color = {
  type: 'boolean',
  default: true,
  description: 'colours, in a terminal',
  negativeDescription: 'no colours',
} as const
export const yes = { type: 'boolean', description: 'do not ask for confirmation' } as const

export function formatOf({ json, jsonl }: { json?: unknown; jsonl?: unknown }): Format {
  if (json === true && jsonl === true) throw new UsageError('--json or --jsonl: one of the two')
  return jsonl === true ? 'jsonl' : json === true ? 'json' : 'table'
}

/** Returns an option as a number. @throws UsageError unless it is a whole number from 1. */
export function whole(text: unknown, name: string): number | undefined {
  if (text === undefined) return undefined
  const number = Number(text)
  if (Number.isSafeInteger(number) && number > 0) return number
  throw new UsageError(`--${name} must be a whole number from 1, got ${String(text)}`)
}
