import { PostgresAdapter } from '@go-go-scope/persistence-postgres'
import pg from 'pg'
import { postgresCitySql } from './city-sql.ts'
import type { Engine } from './engine.ts'
import type { Place } from './place.ts'
import { serverLock } from './server-lock.ts'

// One for the cities, and three for the adapter: one for calls, one for `fenced`, one to listen.
const CONNECTIONS = 4

/** Returns the URL of the server. main.ts has started one if none was given. */
export function serverUrl(): string {
  const { POSTGRES_URL: url } = process.env
  if (url === undefined) throw new Error('POSTGRES_URL must name a server')
  return url
}

export async function postgresPlace(): Promise<Place> {
  const url = serverUrl()
  const { host, pathname } = new URL(url)
  return {
    name: `postgres://${host}${pathname}`,
    open: () => open(url),
    explain: async () => (await PostgresAdapter.open(url)).disconnect(),
    lock: serverLock(url),
    async remove() {
      const engine = await open(url)
      await engine.rows('DROP TABLE IF EXISTS cities')
      await engine.rows('DROP SCHEMA IF EXISTS go_goscope CASCADE')
      await engine.close()
    },
  }
}

async function open(url: string): Promise<Engine> {
  const pool = new pg.Pool({ connectionString: url, max: CONNECTIONS })
  const { rows } = await pool.query('SHOW server_version')
  return {
    name: `PostgreSQL ${rows[0].server_version}`,
    setUp: [],
    citySql: postgresCitySql,
    rows: async (sql, parameters = []) => (await pool.query(sql, parameters)).rows,
    // The last adapter on the pool ends it.
    adapter: () => new PostgresAdapter(pool),
    close: () => pool.end(),
  }
}
