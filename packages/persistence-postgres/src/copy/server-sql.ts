import type { Step } from '@go-go-scope/persistence-core/dialect'
import { cacheTable, TABLES } from '../schema/migrations.js'
import { OUR_NAMES, readableByAll, sealingSteps, unsealingSteps } from '../schema/moved.js'
import { quoted, quotedText } from '../sql/quoted.js'
import { nowAt } from '../sql/time.js'
import { TOKEN_BASE } from '../sql/timeline.js'
import { COPIED_TABLES, type TableKind } from './copied-tables.js'
import type { StoreSql, TableSql } from './store-sql.js'

const NOW = `(SELECT ${nowAt(1)})`
/** Selects one row, `now` in epoch ms. Its parameter is NULL. */
export const SERVER_CLOCK: string = `SELECT ${nowAt(1)} AS now`
const behind = (first: boolean): string => (first ? '>=' : '>')
const bytes = (...columns: string[]): string =>
  columns.map((column) => `coalesce(octet_length(${column}), 0)`).join(' + ')

/** How a column is read, if not by its plain name. */
const READ: Readonly<Record<string, string>> = {
  sequence: 'sequence::float8 AS sequence',
  generation: 'generation::float8 AS generation',
  probes: 'probes::text AS probes',
  unstored: "convert_from(unstored, 'UTF8'::name) AS unstored",
}
const WHOLE: ReadonlySet<string> = new Set(['sequence', 'failure_count', 'generation', 'isolated', 'successes'])

interface Shape {
  readonly at: string
  readonly type: 'text' | 'bigint'
  readonly bytes: string
  readonly condition?: string
}

const SHAPES: Readonly<Record<TableKind, Shape>> = {
  prefixes: { at: 'prefix', type: 'text', bytes: '0' },
  circuit: { at: 'key', type: 'text', bytes: '0' },
  cache: { at: 'key', type: 'text', bytes: bytes('value') },
  checkpoints: { at: 'row_id', type: 'bigint', bytes: bytes('data') },
  // The rest of a claim that ended without a result does not count as a row.
  idempotency: {
    at: 'key',
    type: 'text',
    bytes: bytes('value', 'failure'),
    condition: '(value IS NOT NULL OR unstored IS NOT NULL OR failure IS NOT NULL)',
  },
}

function tableSql(schema: string, kind: TableKind, name: string): TableSql {
  const table = `${schema}.${quoted(name)}`
  const { at, type, bytes, condition = 'true' } = SHAPES[kind]
  const columns = Object.entries(COPIED_TABLES[kind].columns)
  const from = (first: boolean): string => `FROM ${table} WHERE ${condition} AND ${at} ${behind(first)} $1::${type}`
  const cells = columns.map(([column, cell], index) => {
    if (column === 'unstored') return `convert_to(call ->> ${index}, 'UTF8'::name)`
    if (cell === 'json') return `(call ->> ${index})::jsonb`
    if (!cell.startsWith('number')) return `call ->> ${index}`
    return `(call ->> ${index})::${WHOLE.has(column) ? 'bigint' : 'float8'}`
  })
  return {
    count: `SELECT count(*)::float8 AS rows FROM ${table} WHERE ${condition}`,
    sizes: (first) =>
      `SELECT ${type === 'bigint' ? `${at}::float8` : at} AS at, (${bytes})::float8 AS bytes ${from(first)} ORDER BY ${at} LIMIT $2::int`,
    rows: (first) =>
      `SELECT ${columns.map(([column]) => READ[column] ?? column).join(', ')} ${from(first)} AND ${at} <= $2::${type} ORDER BY ${at}`,
    insert: (rows) => {
      // `jsonb` parses a row once; with `json`, each `->>` parses its text again. But `jsonb` takes no text of 256 MiB. A row
      // with such a text is a page by itself, so a single row uses `json`.
      const type = rows > 1 ? 'jsonb' : 'json'
      return [
        `INSERT INTO ${table} (${columns.map(([column]) => column).join(', ')})
SELECT ${cells.join(', ')} FROM ${type}_array_elements($1::text::${type}) WITH ORDINALITY AS element(call, n) ORDER BY n`,
      ]
    },
  }
}

/** Returns the SQL of a side that is a schema on a server. @param name The name of the schema. */
export function serverSql(name: string): StoreSql {
  const schema = quoted(name)
  const lastOf = (sequence: string): string =>
    `(SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM ${schema}.${sequence})`
  const occupied = TABLES.filter((table) => table !== 'prefixes')
    .map((table) => `SELECT 1 AS found FROM (SELECT 1 FROM ${schema}.${table} LIMIT 1) AS ${table}`)
    .join(' UNION ')
  // What a server gives contains its timeline, and its counter does not.
  const raised = (sequence: string, value: number): Step => ({
    sql: `SELECT setval(${quotedText(`${schema}.${sequence}`)}::regclass, last) FROM (SELECT greatest(${lastOf(sequence)}, $1::bigint - ${TOKEN_BASE}) AS last) AS given WHERE last > 0`,
    parameters: [value],
  })
  return {
    table: (kind, table) => tableSql(schema, kind, table),

    ownCaches: `SELECT relname AS name FROM pg_catalog.pg_class
WHERE relnamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = ${quotedText(name)}) AND relkind = 'r'
  AND relname NOT IN (${OUR_NAMES.map((table) => `'${table}'`).join(', ')})
  AND (SELECT string_agg(attname::text, ' ' ORDER BY attnum) FROM pg_catalog.pg_attribute
    WHERE attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped) = 'key value expires_at'
ORDER BY 1`,

    createCache: (table) => cacheTable(`${schema}.${quoted(table)}`),

    now: SERVER_CLOCK,

    held: () => ({
      sql: `SELECT 'lock ' || key AS name FROM ${schema}.locks WHERE expires_at > ${NOW}
UNION ALL SELECT 'claim ' || key FROM ${schema}.idempotency WHERE claimed_until > ${NOW} LIMIT 5`,
      parameters: [null],
    }),

    given: `SELECT greatest(${TOKEN_BASE} + ${lastOf('lock_token')}, (SELECT max(token) FROM ${schema}.locks))::float8 AS token,
  (${TOKEN_BASE} + ${lastOf('claim_generation')})::float8 AS generation`,

    raise: ({ token, generation }) => [raised('lock_token', token), raised('claim_generation', generation)],

    marks: `SELECT relname AS name FROM pg_catalog.pg_class
WHERE relnamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = ${quotedText(name)}) AND relname IN ('moved', 'copies')`,
    moved: `${schema}.moved`,
    copies: `${schema}.copies`,
    beginCopy: [
      `CREATE TABLE IF NOT EXISTS ${schema}.copies (
  name text PRIMARY KEY, id text NOT NULL, store text NOT NULL, position text, rows float8 NOT NULL
)`,
      readableByAll(`${schema}.copies`),
      `DELETE FROM ${schema}.prefixes`,
    ],

    occupied,
    unflushed: [{ sql: "SELECT set_config('synchronous_commit', 'off', true)" }],
    // Only if commits do not wait at all, because a role may be set to wait for standbys too.
    flushed: [
      {
        sql: "SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') = 'off'",
      },
    ],
    seal: (free, caches, id, to) => sealingSteps(name, free, caches, id, to),
    unseal: (caches) => unsealingSteps(name, caches),
    parameter: (n) => `$${n}`,
  }
}
