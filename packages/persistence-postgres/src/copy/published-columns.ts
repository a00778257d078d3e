import { PersistenceError } from '@go-go-scope/persistence-core/dialect'
import { quoted } from '../sql/quoted.js'
import { COPIED_TABLES, type CopiedTable, type TableKind } from './copied-tables.js'

/** The content of a column of go-go-scope 2.9. A trailing `?`: the column may be missing. */
type Content = 'text' | 'value' | 'number' | 'number?' | 'time' | 'time?' | 'expiry?'

export type PublishedKind = Exclude<TableKind, 'prefixes'>

interface PublishedTable {
  readonly name: string
  readonly columns: Readonly<Record<string, Content>>
  /** Columns of the copy, each as SQL over the published columns. */
  readonly more: Readonly<Record<string, string>>
  /** The order of the pages. */
  readonly order: string
}

// Without `updated_at`, the last failure or success was the last change.
const UPDATED = 'coalesce(updated_at, last_failure_time, last_success_time, 0)'
const NOTHING = 'NULL::text'
const NO_NUMBER = 'NULL::float8'
const ZERO = '0::float8'

/** The tables of go-go-scope 2.9 by their published names. Other columns are not read. */
export const PUBLISHED: Readonly<Record<PublishedKind, PublishedTable>> = {
  circuit: {
    name: 'go_goscope_circuit',
    columns: {
      key: 'text',
      state: 'text',
      failure_count: 'number',
      last_failure_time: 'time?',
      last_success_time: 'time?',
      updated_at: 'time?',
    },
    more: {
      updated_at: UPDATED,
      opened_at: `CASE WHEN state <> 'closed' THEN ${UPDATED} END`,
      generation: ZERO,
      isolated: ZERO,
      successes: ZERO,
      probes: "'[]'::text",
    },
    order: 'key COLLATE "C"',
  },
  idempotency: {
    name: 'go_goscope_idempotency',
    columns: { key: 'text', value: 'value', expires_at: 'expiry?' },
    more: { unstored: NOTHING, fingerprint: NOTHING, failure: NOTHING, failure_expires_at: NO_NUMBER },
    order: 'key COLLATE "C"',
  },
  checkpoints: {
    name: 'go_goscope_checkpoints',
    columns: {
      id: 'text',
      task_id: 'text',
      sequence: 'number',
      timestamp: 'time',
      progress: 'number',
      data: 'value',
      estimated_time_remaining: 'number?',
    },
    more: {},
    // Among equal sequence numbers, the one created last is the latest.
    order: 'sequence, "timestamp", id COLLATE "C"',
  },
  cache: {
    name: 'go_goscope_cache',
    columns: { key: 'text', value: 'value', expires_at: 'expiry?' },
    more: {},
    order: 'key COLLATE "C"',
  },
}

/** Returns the table by which the rows of {@link rowsOf} are checked. */
export function checkedTable(kind: PublishedKind): CopiedTable {
  const { columns, order } = COPIED_TABLES[kind]
  const values = Object.entries(PUBLISHED[kind].columns).filter(([, content]) => content === 'value')
  return {
    order,
    columns: {
      ...columns,
      ...Object.fromEntries(values.map(([name]) => [name, 'value' as const])),
      ...(kind === 'circuit' && { state: 'state' as const }),
    },
  }
}

const TEXTS = ['text', 'varchar']
const NUMBERS = ['int2', 'int4', 'int8', 'float4', 'float8', 'numeric']
const TIMES = ['timestamp', 'timestamptz', ...NUMBERS]

const TYPES: Readonly<Record<'text' | 'value' | 'number' | 'time' | 'expiry', readonly string[]>> = {
  text: TEXTS,
  value: ['jsonb', 'json', ...TEXTS],
  number: NUMBERS,
  time: TIMES,
  expiry: TIMES,
}

/**
 * Returns the query for the rows of a table, in the columns of `COPIED_TABLES`.
 *
 * @param types The types of the existing columns.
 * @throws PersistenceError `FOREIGN_TABLE`.
 */
export function rowsOf(kind: PublishedKind, schema: string, types: ReadonlyMap<string, string>): string {
  const { name: table, columns, more, order } = PUBLISHED[kind]
  const read = Object.entries(columns).map(([name, content]) => {
    const type = types.get(name)
    if (type === undefined && content.endsWith('?')) return `${NO_NUMBER} AS ${quoted(name)}`
    const wanted = content.replace('?', '') as keyof typeof TYPES
    if (type === undefined || !TYPES[wanted].includes(type))
      throw foreign(`${schema}.${table}`, name, type, TYPES[wanted])
    return `${EXPRESSIONS[wanted](quoted(name), NUMBERS.includes(type))} AS ${quoted(name)}`
  })
  const names = Object.keys(COPIED_TABLES[kind].columns)
  return `SELECT ${names.map((name) => `${more[name] ?? quoted(name)} AS ${quoted(name)}`).join(', ')}
FROM (SELECT ${read.join(', ')} FROM ${quoted(schema)}.${quoted(table)}) AS found ORDER BY ${order}`
}

// A float4 is converted through text, which gives the number that 2.9 read, not the nearest float8 of its bits.
const number = (name: string): string => `${name}::text::float8`

/** Returns SQL for a time in epoch ms. A time without a zone is in the session's zone. */
const time = (name: string, isNumber: boolean): string =>
  isNumber ? `floor(${number(name)})` : `floor(extract(epoch FROM ${name}::timestamptz) * 1000::numeric)::float8`

// A smaller number is in seconds, as 2.9 wrote them to files. As ms it would be before March 1973.
const LEAST_MS = '1e11::float8'

function expiry(name: string, isNumber: boolean): string {
  const ms = isNumber
    ? `floor(CASE WHEN ${number(name)} < ${LEAST_MS} THEN 1000::float8 ELSE 1::float8 END * ${number(name)})`
    : time(name, false)
  return `CASE ${ms} WHEN 'Infinity' THEN NULL WHEN '-Infinity' THEN 0 ELSE ${ms} END`
}

const EXPRESSIONS: Readonly<Record<keyof typeof TYPES, (name: string, isNumber: boolean) => string>> = {
  text: (name) => `${name}::text`,
  value: (name) => `${name}::text`,
  number,
  time,
  expiry,
}

function foreign(table: string, column: string, type: string | undefined, wanted: readonly string[]): PersistenceError {
  const has = type === undefined ? `no column ${column}` : `a column ${column} of the type ${type}`
  return new PersistenceError(
    'FOREIGN_TABLE',
    'copy',
    `copy: ${table} has ${has}, and ${wanted.join(', ')} can be read there; alter the column, or copy what it holds to a table that has it`,
  )
}
