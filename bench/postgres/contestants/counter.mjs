import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { NOW, TABLES } from './hand-written.mjs'

const COUNTER =
  'CREATE TABLE counter (last bigint NOT NULL); INSERT INTO counter VALUES (0); ALTER TABLE locks ADD token bigint'
const ACQUIRE = `WITH given AS (UPDATE counter SET last = last + 1 RETURNING last)
INSERT INTO locks AS l (key, owner, expires_at, token) SELECT $1::text, $2::text, ${NOW} + $3::float8, last FROM given
ON CONFLICT (key) DO UPDATE SET owner = excluded.owner, expires_at = excluded.expires_at, token = excluded.token
WHERE l.expires_at <= ${NOW} RETURNING token`
const RELEASE = 'DELETE FROM locks WHERE key = $1 AND token = $2'

/** Locks whose tokens are counted in one row, which each grant updates. @param {{ placed: string, connections: number }} place */
export async function open({ placed, connections }) {
  const pool = new pg.Pool({ connectionString: placed, max: connections })
  await pool.query(TABLES)
  await pool.query(COUNTER)
  return {
    lock: {
      async acquire(key, ttl) {
        const { rows } = await pool.query({ name: 'acquire', text: ACQUIRE, values: [key, randomUUID(), ttl] })
        const [granted] = rows
        if (granted === undefined) return null
        return { release: () => pool.query({ name: 'release', text: RELEASE, values: [key, granted.token] }) }
      },
    },
  }
}
