import { type OperationQueue, PersistenceError } from '@go-go-scope/persistence-core/dialect'
import { quoted } from '../sql/quoted.js'
import { COLUMNS } from './migrations.js'
import { MARKS } from './moved.js'

const EXPECTED: typeof COLUMNS = { ...COLUMNS, meta: ['key', 'value'] }

/** What a schema has of ours. */
export interface Found {
  readonly version: number
  /** Our tables that are missing. */
  readonly missing: readonly string[]
  /** Columns that our tables lack, each after the name of its table. */
  readonly lacking: readonly string[]
  /** The tables of `schema/moved.ts` that are there. */
  readonly marks: readonly string[]
}

export async function readTables(queue: OperationQueue, schema: string): Promise<Omit<Found, 'version'>> {
  const names = Object.keys(EXPECTED)
  const rows = await queue.query(
    'connect',
    `SELECT name, string_agg(attname::text, ' ') AS columns
FROM json_array_elements_text($1::text::json) AS name
JOIN pg_catalog.pg_attribute
  ON attrelid = to_regclass(quote_ident($2::text) || '.' || quote_ident(name))::oid AND attnum > 0 AND NOT attisdropped
GROUP BY name`,
    [JSON.stringify([...names, ...MARKS]), schema],
  )
  const found = rows.map(({ name }) => String(name))
  const missing = names.filter((name) => !found.includes(name))
  const lacking = rows.flatMap(({ name, columns }) => {
    const there = String(columns).split(' ')
    const lacks = EXPECTED[String(name)]?.filter((column) => !there.includes(column)) ?? []
    return lacks.map((column) => `${name}.${column}`)
  })
  // A table of the app may have the name of a mark.
  const marked = rows.filter(({ columns }) => /\bstore\b/.test(String(columns))).map(({ name }) => String(name))
  const marks = MARKS.filter((name) => marked.includes(name))
  return { missing, lacking, marks }
}

export async function readSchema(queue: OperationQueue, schema: string): Promise<Found> {
  const tables = await readTables(queue, schema)
  if (tables.missing.includes('meta')) return { version: 0, ...tables }
  const [row] = tables.lacking.some((column) => column.startsWith('meta.'))
    ? []
    : await queue.query('connect', `SELECT value FROM ${quoted(schema)}.meta WHERE key::text = 'schema_version'`)
  // Ours has this row from the beginning.
  if (row === undefined) throw await unreadable(queue, `${quoted(schema)}."meta"`)
  const version = Number(row.value)
  if (Number.isSafeInteger(version) && version >= 0) return { version, ...tables }
  throw new PersistenceError(
    'CORRUPT',
    'connect',
    `connect: schema_version in ${schema}.meta is not a whole number; restore the database from a backup`,
  )
}

/** Returns the error for a table that does not show the row that ours has. @param table With its schema, quoted. */
async function unreadable(queue: OperationQueue, table: string): Promise<PersistenceError> {
  const [row] = await queue.query('connect', 'SELECT row_security_active(to_regclass($1::text)::oid)::int AS hides', [
    table,
  ])
  if (row?.hides !== 1) return foreign(`connect: ${table} belongs to something else; rename it, or use another schema`)
  return new PersistenceError(
    'SQL',
    'connect',
    `connect: row level security hides the rows of ${table} from this role; give it the policies that docs/postgres.md has under Permissions`,
  )
}

/** Returns the error for a name of ours that something else has. */
export function foreign(message: string, cause?: unknown): PersistenceError {
  return new PersistenceError('FOREIGN_TABLE', 'connect', message, cause)
}
