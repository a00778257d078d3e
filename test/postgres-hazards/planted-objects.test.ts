import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PostgresAdapter } from '@go-go-scope/persistence-postgres'
import { copyDatabase, unsealDatabase } from '@go-go-scope/persistence-postgres/copy'
import pg from 'pg'
import { expect, test } from 'vitest'
import { postgresDialect } from '../../packages/persistence-postgres/src/postgres-dialect.js'
import { proveCell } from '../postgres/cell.js'
import { serverUrl } from '../postgres/server/places.mjs'
import { answers, fillEveryKind } from '../postgres-copy/every-kind.js'
import { statementsOf } from './dialect-statements.js'
import { admin, disconnectAfterEach, newSchema, opens, track } from './server-adapters.js'

disconnectAfterEach()

proveCell()

const TYPES =
  'smallint,int,bigint,float8,numeric,text,varchar,name,json,jsonb,boolean,timestamptz,oid,regclass,bytea,text[]'.split(
    ',',
  )

/**
 * Creates in `schema` a function for each function of the server, and an operator for each of its operators, that `texts` may
 * mean, with all types of arguments that the server's own do not have. Nobody may run them. In a call whose arguments have exactly
 * these types, PostgreSQL prefers them to functions of pg_catalog that would need a conversion.
 */
async function plant(schema: string, texts: readonly string[]): Promise<void> {
  const words = new Set(texts.flatMap((text) => text.match(/\b[a-z_0-9]+(?=\()/g) ?? []))
  const signs = new Set(texts.flatMap((text) => text.match(/[-+*/<>=|]+/g) ?? []))
  await admin.query(`CREATE SCHEMA "${schema}"`)
  await admin.query(`DO $do$
DECLARE
  types text[] := '{${TYPES.join(',')}}';
  planted record;
BEGIN
  FOR planted IN
    SELECT format('CREATE FUNCTION "${schema}".%I(%s) RETURNS %s LANGUAGE plpgsql AS ''BEGIN RAISE EXCEPTION $$planted$$; END''', name, arguments, result) AS sql
    FROM (
      SELECT DISTINCT ON (name, arguments) proname AS name, arguments,
        CASE WHEN prorettype IN ('anyelement'::regtype, 'record'::regtype) THEN 'text' ELSE format_type(prorettype, NULL) END AS result
      FROM pg_proc CROSS JOIN LATERAL (
        SELECT concat_ws(', ', a, b, c) AS arguments
        FROM unnest(types) AS a LEFT JOIN unnest(types) AS b ON pronargs > 1 LEFT JOIN unnest(types[1:6]) AS c ON pronargs > 2
      ) AS lists
      WHERE pronamespace = 'pg_catalog'::regnamespace AND pronargs BETWEEN 1 AND 3 AND NOT proretset
        AND proname = ANY ('{${[...words].join(',')}}')
    ) AS wanted
    WHERE to_regprocedure(format('pg_catalog.%I(%s)', name, arguments)) IS NULL
  LOOP EXECUTE planted.sql; END LOOP;

  FOR planted IN
    SELECT DISTINCT ON (oprname, a, b) oprname AS sign, a, b,
      CASE WHEN oprname ~ '^[<>=]+$' AND oprname <> '<<' THEN 'boolean' WHEN oprname ~ '>' THEN 'text' ELSE a END AS result
    FROM pg_operator CROSS JOIN unnest(types) AS a CROSS JOIN unnest(types) AS b
    WHERE oprnamespace = 'pg_catalog'::regnamespace AND oprkind = 'b' AND oprname = ANY ('{${[...signs].join(',')}}')
      AND to_regoperator(format('pg_catalog.%s(%s, %s)', oprname, a, b)) IS NULL
  LOOP
    EXECUTE format('CREATE OR REPLACE FUNCTION "${schema}"."op %s"(%s, %s) RETURNS %s LANGUAGE plpgsql AS ''BEGIN RAISE EXCEPTION $$planted$$; END''', planted.sign, planted.a, planted.b, planted.result);
    EXECUTE format('CREATE OPERATOR "${schema}".%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = "${schema}"."op %s")', planted.sign, planted.a, planted.b, planted.sign);
  END LOOP;
END $do$`)
  await admin.query(`REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA "${schema}" FROM PUBLIC`)
}

// Before PostgreSQL 15 every role may create functions in the schema public, and still may where a database is older.
test('no statement uses functions or operators that other roles have planted', async () => {
  const [schema, planted, role] = [newSchema(), newSchema(), newSchema()]
  const statements = statementsOf(postgresDialect(schema, 'process'))
  await plant(planted, [
    ...statements.map(({ sql }) => sql),
    // Of connecting, verifying and copying.
    'string_agg( quote_ident( to_regclass( current_setting( host( left( convert_from( setval( starts_with(',
  ])
  await admin.query(`CREATE ROLE "${role}" LOGIN; GRANT CREATE ON DATABASE postgres TO "${role}";
    GRANT USAGE ON SCHEMA "${planted}" TO "${role}"; ALTER ROLE "${role}" SET search_path = "${planted}"`)
  const url = new URL(serverUrl())
  url.username = role
  const adapter = await opens(schema, {}, url.href)

  const client = new pg.Client(url.href)
  await client.connect()
  const problems: string[] = []
  for (const { name, sql } of statements) {
    // Makes the server look up what the statement calls, and check the permission for it.
    await client
      .query(`EXPLAIN (GENERIC_PLAN) ${sql}`)
      .catch((error: Error) => problems.push(`${name}: ${error.message}\n${sql}`))
  }
  // A statement that means something planted is refused.
  await expect(client.query('SELECT 1.5::float8 + n FROM (VALUES (1)) AS planted (n)')).rejects.toThrow(
    /permission denied for function/,
  )
  await client.end()
  expect(problems).toEqual([])

  await fillEveryKind(adapter, 10)
  await answers(adapter)
  await adapter.stats()
  expect((await adapter.verify()).faults).toEqual([])
  await adapter.disconnect()
  const file = join(await mkdtemp(join(tmpdir(), 'planted-')), 'app.db')
  await copyDatabase(url.href, file, { schema })
  await copyDatabase(file, url.href, { schema: newSchema() })
  await unsealDatabase(url.href, { schema })
}, 60_000)

test("temporary tables that have the names of the server's catalogs change nothing", async () => {
  const pool = new pg.Pool({ connectionString: serverUrl() })
  const catalogs = ['pg_attribute', 'pg_class', 'pg_namespace', 'pg_database', 'pg_stat_activity']
  pool.on(
    'connect',
    (client) => void client.query(catalogs.map((name) => `CREATE TEMP TABLE ${name} (id int)`).join(';')),
  )
  const schema = newSchema()
  const adapter = track(new PostgresAdapter(pool, { schema, durability: 'process' }))
  await adapter.cache.set('k', 1)
  expect(await adapter.cache.get('k')).toBe(1)
})
