import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { loader } from '../../contestants/hand-written/loader.mjs'
import { NOW, TABLES } from './hand-written.mjs'
import { oneAtATime } from './prepared.mjs'

const KEYS = 'ARRAY(SELECT json_array_elements_text($1::text::json))'
const PAIRS = 'SELECT call ->> 0 AS key, call ->> 1 AS second FROM json_array_elements($1::text::json) AS element(call)'

const GET = `SELECT key, value FROM cache WHERE key = ANY (${KEYS}) AND (expires_at IS NULL OR expires_at > ${NOW})`
const SET = `INSERT INTO cache (key, value, expires_at) SELECT key, second, NULL FROM (${PAIRS}) AS calls
ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at`
const ACQUIRE = `INSERT INTO locks AS l (key, owner, expires_at) SELECT key, second, ${NOW} + $2::float8 FROM (${PAIRS}) AS calls
ON CONFLICT (key) DO UPDATE SET owner = excluded.owner, expires_at = excluded.expires_at
WHERE l.expires_at <= ${NOW} RETURNING key`
const RELEASE = `DELETE FROM locks AS l USING (${PAIRS}) AS calls WHERE l.key = calls.key AND l.owner = calls.second`

/**
 * The limit of many callers on one connection: all calls made before the next microtask are one bare statement, without any
 * promise about tokens, several calls for one key, deadlocks or waits. @param {{ placed: string }} place
 */
export async function open({ placed }) {
  const client = new pg.Client({ connectionString: placed })
  await client.connect()
  await client.query(TABLES)
  const queries = oneAtATime(client)
  const statement = (name, text) => async (calls, shared) =>
    (await queries.query({ name, text, values: [JSON.stringify(calls), ...shared] })).rows
  const [getMany, setMany] = [statement('get many', GET), statement('set many', SET)]
  const [acquireMany, releaseMany] = [statement('acquire many', ACQUIRE), statement('release many', RELEASE)]

  const set = loader((entries) => setMany(entries, []))
  const acquire = loader(async (calls, ttl) => {
    const granted = new Set((await acquireMany(calls, [ttl])).map(({ key }) => key))
    return calls.map(([key]) => granted.has(key))
  })
  const release = loader((calls) => releaseMany(calls, []))
  return {
    cache: {
      get: loader(async (keys) => {
        const found = new Map((await getMany(keys, [])).map(({ key, value }) => [key, JSON.parse(value)]))
        return keys.map((key) => found.get(key) ?? null)
      }),
      set: (key, value) => set([key, JSON.stringify(value)]),
    },
    lock: {
      async acquire(key, ttl) {
        const owner = randomUUID()
        return (await acquire([key, owner], ttl)) ? { release: () => release([key, owner]) } : null
      },
    },
  }
}
