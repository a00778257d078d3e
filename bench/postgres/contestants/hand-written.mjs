import { randomUUID } from 'node:crypto'

export const TABLES = `CREATE TABLE cache (key text PRIMARY KEY, value text NOT NULL, expires_at float8);
CREATE TABLE circuit (key text PRIMARY KEY, failures int NOT NULL, state text NOT NULL, failed_at float8 NOT NULL);
CREATE TABLE locks (key text PRIMARY KEY, owner text NOT NULL, expires_at float8 NOT NULL);`

export const NOW = 'extract(epoch FROM clock_timestamp()) * 1000'

const GET = `SELECT value FROM cache WHERE key = $1 AND (expires_at IS NULL OR expires_at > ${NOW})`
const SET = `INSERT INTO cache (key, value, expires_at) VALUES ($1, $2, NULL)
ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at`
const FAIL = `INSERT INTO circuit AS c (key, failures, state, failed_at) VALUES ($1, 1, 'closed', ${NOW})
ON CONFLICT (key) DO UPDATE SET failures = c.failures + 1, failed_at = ${NOW},
  state = CASE WHEN c.failures + 1 >= $2 THEN 'open' ELSE 'closed' END RETURNING failures`
const ACQUIRE = `INSERT INTO locks AS l (key, owner, expires_at) VALUES ($1, $2, ${NOW} + $3)
ON CONFLICT (key) DO UPDATE SET owner = excluded.owner, expires_at = excluded.expires_at
WHERE l.expires_at <= ${NOW} RETURNING key`
const RELEASE = 'DELETE FROM locks WHERE key = $1 AND owner = $2'

/** One prepared statement per call, on a client or a pool. @param {import('pg').Client | import('pg').Pool} queries */
export async function handWritten(queries) {
  await queries.query(TABLES)
  const statement = (name, text) => async (values) => (await queries.query({ name, text, values })).rows
  const [get, set, fail] = [statement('get', GET), statement('set', SET), statement('fail', FAIL)]
  const [acquire, release] = [statement('acquire', ACQUIRE), statement('release', RELEASE)]
  return {
    cache: {
      async get(key) {
        const [row] = await get([key])
        return row === undefined ? null : JSON.parse(row.value)
      },
      set: (key, value) => set([key, JSON.stringify(value)]),
    },
    breaker: {
      recordFailure: async (key, threshold) => (await fail([key, threshold]))[0].failures,
    },
    lock: {
      async acquire(key, ttl) {
        const owner = randomUUID()
        const granted = await acquire([key, owner, ttl])
        return granted.length === 0 ? null : { release: () => release([key, owner]) }
      },
    },
  }
}
