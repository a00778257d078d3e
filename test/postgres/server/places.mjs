import { PostgresAdapter } from '@go-go-scope/persistence-postgres'
import pg from 'pg'

// What a new schema contains besides meta. A test gets the emptied schema of an earlier test, because creating the tables would
// take more time than most tests.
const TABLES = ['cache', 'locks', 'idempotency', 'circuit', 'checkpoints', 'prefixes']

// Here a key is one row, but in a file it is rows of three tables. The suites' own statements read those, so views provide them.
const VIEWS = [
  'CREATE VIEW SCHEMA.results AS SELECT key, value, unstored, expires_at FROM SCHEMA.idempotency WHERE value IS NOT NULL OR unstored IS NOT NULL',
  'CREATE VIEW SCHEMA.claims AS SELECT key, owner, generation, granted_at, claimed_until AS expires_at FROM SCHEMA.idempotency WHERE claimed_until > 0',
  'CREATE VIEW SCHEMA.claim_records AS SELECT key, fingerprint, failure, failure_expires_at AS expires_at FROM SCHEMA.idempotency WHERE failure IS NOT NULL OR (fingerprint IS NOT NULL AND claimed_until IS NULL)',
]

/**
 * Returns schemas of one server, one per test.
 *
 * @param {(sql: string, parameters?: readonly unknown[]) => Promise<any[]>} run several statements if there are no parameters
 * @param {(schema: string) => Promise<void>} create creates the schema as an adapter does
 */
export function placesOn(run, create) {
  /** @type {string[]} */
  const free = []
  let made = 0

  /**
   * @param {string} schema
   * @returns {Promise<boolean>} whether it can be used again; a test may have dropped a table
   */
  async function empty(schema) {
    const rows = await run(
      `SELECT relname AS name, count(conname)::int AS traps FROM pg_class
LEFT JOIN pg_constraint ON conrelid = pg_class.oid AND conname = 'trap'
WHERE relnamespace = $1::text::regnamespace AND relkind = 'r' GROUP BY 1`,
      [`"${schema}"`],
    )
    const names = rows.map(({ name }) => name)
    if (![...TABLES, 'meta'].every((name) => names.includes(name))) return false
    const foreign = names.filter((name) => ![...TABLES, 'meta'].includes(name))
    const trapped = rows.filter(({ traps }) => traps > 0)
    const drops = [
      ...foreign.map((name) => `DROP TABLE "${schema}"."${name}" CASCADE`),
      ...trapped.map(({ name }) => `ALTER TABLE "${schema}"."${name}" DROP CONSTRAINT trap`),
    ]
    await run([...drops, ...TABLES.map((name) => `DELETE FROM "${schema}"."${name}"`)].join(';'))
    return true
  }

  return {
    async take() {
      const place = free.pop()
      if (place !== undefined) return place
      const schema = `test_${process.pid}_${++made}`
      await create(schema)
      await run(VIEWS.map((view) => view.replaceAll('SCHEMA', `"${schema}"`)).join(';'))
      await empty(schema)
      return schema
    },

    /** @param {string} place */
    async give(place) {
      if (await empty(place)) free.push(place)
      else await run(`DROP SCHEMA "${place}" CASCADE`)
    },

    /** @param {string} place @param {string} table @param {string} pattern */
    async refuseKeys(place, table, pattern) {
      await run(`ALTER TABLE "${place}"."${table}" ADD CONSTRAINT trap CHECK (key NOT LIKE '${pattern}') NOT VALID`)
    },

    /** @param {string} place */
    async dump(place) {
      const tables = await run(
        `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = $1 AND table_type = 'BASE TABLE' ORDER BY 1`,
        [place],
      )
      const contents = []
      for (const { name } of tables) {
        contents.push([name, await run(`SELECT entry::text FROM "${place}"."${name}" AS entry ORDER BY 1`, [])])
      }
      return JSON.stringify(contents)
    },
  }
}

/** @returns {string} */
export function serverUrl() {
  const url = process.env.POSTGRES_URL
  if (url === undefined) throw new Error('start a cell with `npm test -- --cell postgres:pg`')
  return url
}

/**
 * Returns the URL of the server with the schema as search path, because statements of `fenced` use its tables.
 *
 * @param {string} schema
 */
export function urlOfPlace(schema) {
  const url = new URL(serverUrl())
  url.searchParams.set('options', `-c search_path="${schema}"`)
  return url.href
}

/** @type {pg.Pool | undefined} */
let pool

/** Places on the server of this run. It connects at the first test, when the server has started. */
export const places = {
  ...placesOn(
    async (sql, parameters) => {
      pool ??= new pg.Pool({ connectionString: serverUrl(), max: 2, allowExitOnIdle: true })
      const { rows } = await pool.query(sql, parameters && [...parameters])
      return rows
    },
    async (schema) => {
      const adapter = await PostgresAdapter.open(serverUrl(), { schema, durability: 'process' })
      await adapter.disconnect()
    },
  ),
  several: true,
}
