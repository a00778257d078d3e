import {
  type OperationQueue,
  PersistenceError,
  SchemaMissingError,
  type SetUp,
  type Step,
} from '@go-go-scope/persistence-core/dialect'
import { sqlStateOf } from '../sql/error-codes.js'
import { quoted } from '../sql/quoted.js'
import { COLUMNS, cacheTable, MIGRATIONS, type Migration, migrationSteps, oneAtATime, TABLES } from './migrations.js'
import { refuseMoved } from './moved.js'
import { type Found, foreign, readSchema, readTables } from './read-schema.js'

// SQLSTATE of a name that something else in the schema has.
const DUPLICATE = '42P07'

/**
 * Brings the tables of `schema` up to date, or checks that they are. Refuses a schema that the command `copy` has moved.
 *
 * @param migrations Those of this release.
 */
export function migrating(schema: string, migrations: readonly Migration[] = MIGRATIONS): SetUp {
  return async (queue, create) => {
    const found = await readSchema(queue, schema)
    await refuseMoved(queue, schema, found.marks)
    await bringUpToDate(queue, schema, create, found, migrations)
  }
}

/** {@link migrating}, also for a schema that the command `copy` has moved. */
export function migratingAnyway(schema: string): SetUp {
  return async (queue, create) => bringUpToDate(queue, schema, create, await readSchema(queue, schema), MIGRATIONS)
}

async function bringUpToDate(
  queue: OperationQueue,
  schema: string,
  create: boolean,
  found: Found,
  migrations: readonly Migration[],
): Promise<void> {
  const needed = migrations.length
  if (found.version > needed) throw schemaNewer(schema, found.version, needed)
  if (found.version === needed) return checkTables(schema, found)
  if (!create) throw schemaOlder(schema, found, migrations)
  await apply(queue, schema, found, migrations)
}

/** Creates a cache table with a name chosen by the app, or checks that it is there. */
export function creatingCacheTable(schema: string, name: string): SetUp {
  const table = `${quoted(schema)}.${quoted(name)}`
  return async (queue, create) => {
    const { marks } = await readTables(queue, schema)
    await refuseMoved(queue, schema, marks)
    if (await hasCache(queue, table)) return
    if (!create) throw schemaMissing(schema, `no table ${name}`)
    const steps = cacheTable(table).map((sql) => ({ sql }))
    try {
      await oneAtATime(queue, [...(await schemaSteps(queue, schema)), ...steps])
    } catch (error) {
      // Another process may have been first. If that cannot be found out, the first error says more.
      if (!(await hasCache(queue, table).catch(() => false))) throw error
    }
  }
}

/** Applies the migrations that `found` lacks in one transaction. If several processes start at once, only one applies them. */
async function apply(
  queue: OperationQueue,
  schema: string,
  found: Found,
  migrations: readonly Migration[],
): Promise<void> {
  const steps = migrations.slice(found.version).flatMap((migration) => migrationSteps(migration, quoted(schema)))
  try {
    await oneAtATime(queue, [...(await schemaSteps(queue, schema)), ...steps])
  } catch (error) {
    if (!(error instanceof PersistenceError)) throw error
    if (sqlStateOf(error.cause) === DUPLICATE) {
      throw foreign(`${error.message} in the schema ${schema}; rename it, or use another schema`, error.cause)
    }
    // Another process was first.
    if (error.code !== 'CONSTRAINT') throw error
  }
  const made = await readSchema(queue, schema)
  // The first process may be of an earlier release and have applied fewer migrations.
  if (made.version > found.version) return bringUpToDate(queue, schema, true, made, migrations)
  throw new PersistenceError('SQL', 'connect', `connect: the server did not keep the tables of the schema ${schema}`)
}

/** `IF NOT EXISTS` alone would need the right to create schemas even when the schema exists. */
async function schemaSteps(queue: OperationQueue, schema: string): Promise<Step[]> {
  const rows = await queue.query('connect', 'SELECT 1 AS found FROM pg_catalog.pg_namespace WHERE nspname = $1::name', [
    schema,
  ])
  return rows.length > 0 ? [] : [{ sql: `CREATE SCHEMA IF NOT EXISTS ${quoted(schema)}` }]
}

/**
 * Returns whether there is a cache table of that name.
 *
 * @param table With its schema, quoted.
 * @throws PersistenceError `FOREIGN_TABLE` if the name belongs to something else, which may also be an index or a sequence.
 */
async function hasCache(queue: OperationQueue, table: string): Promise<boolean> {
  const rows = await queue.query(
    'connect',
    'SELECT attname AS name FROM pg_catalog.pg_attribute WHERE attrelid = to_regclass($1::text)::oid AND attnum > 0 AND NOT attisdropped',
    [table],
  )
  const found = rows.map(({ name }) => String(name))
  const lacking = COLUMNS.cache?.filter((column) => !found.includes(column)) ?? []
  if (rows.length === 0 || lacking.length === 0) return rows.length > 0
  throw foreign(
    `connect: ${table} belongs to something else (${lacking.join(', ')} missing); rename it, or use another tableName`,
  )
}

/** Refuses missing tables. Creating them anew would lose tokens, claims and layouts that processes relied on. */
function checkTables(schema: string, { missing, lacking }: Found): void {
  const gone = [...missing, ...lacking]
  if (gone.length > 0) {
    throw new PersistenceError(
      'SCHEMA_MISSING',
      'connect',
      `connect: the schema ${schema} lacks ${gone.join(', ')}; restore the database from a backup`,
    )
  }
}

function schemaOlder(schema: string, { version, missing }: Found, migrations: readonly Migration[]): PersistenceError {
  const needed = migrations.length
  return new SchemaMissingError(
    schemaMissing(schema, `version ${version}, ${needed} is needed`).message,
    version,
    needed,
    migrations.slice(version).map((migration) => `to version ${migration.version}: ${migration.title}`),
    missing.length > TABLES.length,
  )
}

function schemaMissing(schema: string, what: string): PersistenceError {
  return new PersistenceError(
    'SCHEMA_MISSING',
    'connect',
    `connect: the schema ${schema} has ${what}; connect once without createTables: false, as a role that may create tables`,
  )
}

function schemaNewer(schema: string, version: number, needed: number): PersistenceError {
  return new PersistenceError(
    'SCHEMA_NEWER',
    'connect',
    `connect: the schema ${schema} has version ${version}, this release writes up to ${needed}; update the package`,
  )
}
