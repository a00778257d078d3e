import { type OperationQueue, PersistenceError, type Step } from '@go-go-scope/persistence-core/dialect'

/** A numbered migration. Once released it is frozen: a change of the schema is a new migration at the end. */
export interface Migration {
  readonly version: number
  /** What it adds, for people. */
  readonly title: string
  /** @param schema Quoted. */
  readonly steps: (schema: string) => readonly string[]
}

// `C` sorts names by code point, whatever the collation of the database.
const NAME = 'text COLLATE "C"'

const KEY = `${NAME} PRIMARY KEY`

/** The columns, with types, of each table that {@link MIGRATIONS} create. Table names are without their schema. */
const TABLE_COLUMNS = {
  cache: { key: KEY, value: 'text NOT NULL', expires_at: 'float8' },
  locks: {
    key: KEY,
    owner: 'text NOT NULL',
    token: 'bigint NOT NULL',
    holds: 'int NOT NULL',
    expires_at: 'float8 NOT NULL',
    marked_at: 'float8 NOT NULL',
    sweep_at: 'float8 NOT NULL',
  },
  idempotency: {
    key: KEY,
    value: 'text',
    unstored: 'bytea',
    expires_at: 'float8',
    fingerprint: 'text',
    failure: 'text',
    failure_expires_at: 'float8',
    owner: 'text',
    generation: 'bigint',
    granted_at: 'float8',
    claimed_until: 'float8',
    waiting: 'boolean NOT NULL DEFAULT false',
  },
  circuit: {
    key: KEY,
    state: 'text NOT NULL',
    failure_count: 'float8 NOT NULL DEFAULT 0',
    last_failure_time: 'float8',
    last_success_time: 'float8',
    updated_at: 'float8 NOT NULL',
    opened_at: 'float8',
    generation: 'bigint NOT NULL DEFAULT 0',
    isolated: 'int NOT NULL DEFAULT 0',
    successes: 'float8 NOT NULL DEFAULT 0',
    probes: "jsonb NOT NULL DEFAULT '[]'",
  },
  checkpoints: {
    id: KEY,
    task_id: `${NAME} NOT NULL`,
    sequence: 'bigint NOT NULL',
    timestamp: 'float8 NOT NULL',
    progress: 'float8 NOT NULL',
    data: 'text NOT NULL',
    estimated_time_remaining: 'float8',
    row_id: 'bigint GENERATED ALWAYS AS IDENTITY',
  },
  // How each prefix is stored; see prefix-layout.ts.
  prefixes: { prefix: KEY, idempotency: 'text NOT NULL', checkpoints: 'text NOT NULL' },
} as const

type TableName = keyof typeof TABLE_COLUMNS

/** The names of the tables that {@link MIGRATIONS} create, without their schema. */
export const TABLES: readonly string[] = Object.keys(TABLE_COLUMNS)

/** The names of the sequences that {@link MIGRATIONS} create. The server gives the indexes names that are free. */
export const SEQUENCES: readonly string[] = ['lock_token', 'claim_generation']

/** The column names of each of {@link TABLES}. */
export const COLUMNS: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  Object.entries(TABLE_COLUMNS).map(([table, columns]) => [table, Object.keys(columns)]),
)

/** @param table With its schema, quoted. */
function createTable(table: string, like: TableName, storage = ''): string {
  const columns = Object.entries(TABLE_COLUMNS[like]).map(([name, type]) => `  ${name} ${type}`)
  return `CREATE TABLE ${table} (\n${columns.join(',\n')}\n)${storage}`
}

/** @param table With its schema, quoted. */
export function cacheTable(table: string): string[] {
  return [createTable(table, 'cache'), `CREATE INDEX ON ${table} (expires_at) WHERE expires_at IS NOT NULL`]
}

// Leaves room for new row versions on the same page, because leases are renewed often.
const ROOM_FOR_UPDATES = ' WITH (fillfactor = 70)'

const FIRST: Migration = {
  version: 1,
  title: 'the tables',
  steps: (schema) => [
    ...cacheTable(`${schema}.cache`),

    createTable(`${schema}.locks`, 'locks', ROOM_FOR_UPDATES),
    // Not on the expiry, which every grant changes: updating an indexed column adds an entry to every index.
    `CREATE INDEX ON ${schema}.locks (sweep_at)`,
    `CREATE SEQUENCE ${schema}.lock_token AS bigint`,

    createTable(`${schema}.idempotency`, 'idempotency', ROOM_FOR_UPDATES),
    `CREATE INDEX ON ${schema}.idempotency (expires_at) WHERE expires_at IS NOT NULL`,
    `CREATE INDEX ON ${schema}.idempotency (claimed_until) WHERE claimed_until IS NOT NULL`,
    `CREATE INDEX ON ${schema}.idempotency (failure_expires_at) WHERE failure_expires_at IS NOT NULL`,
    `CREATE SEQUENCE ${schema}.claim_generation AS bigint`,

    createTable(`${schema}.circuit`, 'circuit', ROOM_FOR_UPDATES),

    createTable(`${schema}.checkpoints`, 'checkpoints'),
    `CREATE INDEX ON ${schema}.checkpoints (task_id, sequence, row_id)`,

    createTable(`${schema}.prefixes`, 'prefixes'),
  ],
}

/** All migrations. Their number is the schema version that this release writes. */
export const MIGRATIONS: readonly Migration[] = [FIRST]

// One advisory lock for everything that is created or decided once. Processes that start together wait for each other and then
// use what the first one made.
export const SET_UP = 7_063_812_004

const ONE_AT_A_TIME: Step = { sql: `SELECT pg_advisory_xact_lock(${SET_UP})` }

/**
 * Runs steps in one transaction, in one process at a time. Runs them again if it is unknown whether they took effect, so they
 * must change nothing, or fail, the second time.
 */
export async function oneAtATime(queue: OperationQueue, steps: readonly Step[]): Promise<void> {
  const run = () => queue.atomic('connect', [ONE_AT_A_TIME, ...steps])
  try {
    await run()
  } catch (error) {
    if (!(error instanceof PersistenceError && error.code === 'OUTCOME_UNKNOWN')) throw error
    await run()
  }
}

/** Returns the steps that apply `migration`. They fail with `CONSTRAINT` if another process was first. @param schema Quoted. */
export function migrationSteps({ version, steps }: Migration, schema: string): Step[] {
  const claim: readonly Step[] =
    version === 1
      ? [
          { sql: `CREATE TABLE IF NOT EXISTS ${schema}.meta (key ${NAME} PRIMARY KEY, value text NOT NULL)` },
          {
            sql: `INSERT INTO ${schema}.meta (key, value) VALUES ('schema_version', $1::text) ON CONFLICT DO NOTHING RETURNING key`,
            parameters: ['1'],
            expect: 1,
          },
        ]
      : [
          {
            sql: `UPDATE ${schema}.meta SET value = $1::text WHERE key = 'schema_version' AND value = $2::text RETURNING key`,
            parameters: [String(version), String(version - 1)],
            expect: 1,
          },
        ]
  return [...claim, ...steps(schema).map((sql) => ({ sql }))]
}
