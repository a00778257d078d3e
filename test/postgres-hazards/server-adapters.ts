import {
  PersistenceError,
  PostgresAdapter,
  PostgresCacheAdapter,
  type PostgresOpenOptions,
  type PostgresOptions,
} from '@go-go-scope/persistence-postgres'
import pg from 'pg'
import { afterEach } from 'vitest'
import { serverUrl } from '../postgres/server/places.mjs'

const DEFAULTS = { durability: 'process' } as const
const opened: { disconnect(): Promise<void> }[] = []
let schemas = 0

/** Runs statements without an adapter. Never ended, because all test files of a run share this module. */
export const admin: pg.Pool = new pg.Pool({ connectionString: serverUrl(), max: 3, allowExitOnIdle: true })
admin.on('error', () => undefined)

/** Disconnects adapters after each test. Each test file calls it. */
export function disconnectAfterEach(): void {
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((adapter) => adapter.disconnect()))
  })
}

/** Returns the name of a schema that does not exist yet. */
export function newSchema(): string {
  return `hazard_${process.pid}_${++schemas}`
}

/** Opens an adapter with its own connections, by the server's clock, and disconnects it when the test ends. */
export async function opens(
  schema: string,
  options: PostgresOpenOptions = {},
  url: string = serverUrl(),
): Promise<PostgresAdapter> {
  return track(await PostgresAdapter.open(url, { ...DEFAULTS, schema, ...options }))
}

/**
 * As {@link opens}, for an adapter whose `busyTimeout` is short: connecting may take longer than that on a busy machine, so it is
 * repeated.
 */
export function opensImpatient(
  schema: string,
  options: PostgresOpenOptions & { busyTimeout: number },
  url?: string,
): Promise<PostgresAdapter> {
  return eventually(() =>
    opens(schema, options, url).catch((error: unknown) => {
      if (!(error instanceof PersistenceError) || error.code !== 'UNAVAILABLE') throw error
      return undefined
    }),
  )
}

/** Opens an adapter whose statements are changed by `rewrite` before they are sent. */
export async function rewritten(
  schema: string,
  rewrite: (sql: string) => string,
  options: PostgresOptions = {},
): Promise<PostgresAdapter> {
  const pool = new pg.Pool({ connectionString: serverUrl(), max: 3 })
  pool.on('connect', (client) => {
    const query = client.query.bind(client) as (config: unknown) => unknown
    const sent = (config: unknown): unknown => {
      const { text } = config as { text?: string }
      return query(text === undefined ? config : { ...(config as object), text: rewrite(text) })
    }
    Object.assign(client, { query: sent })
  })
  const adapter = track(new PostgresAdapter(pool, { ...DEFAULTS, schema, ...options }))
  await adapter.connect()
  return adapter
}

/** Returns a cache on a table of its own, and disconnects it when the test ends. */
export function cacheOn(schema: string, tableName: string): PostgresCacheAdapter {
  const pool = new pg.Pool({ connectionString: serverUrl(), max: 1 })
  return track(new PostgresCacheAdapter(pool, { schema, durability: 'process', tableName }))
}

export function track<T extends { disconnect(): Promise<void> }>(adapter: T): T {
  opened.push(adapter)
  return adapter
}

/** Repeats `ask` until it returns a value. */
export async function eventually<T>(ask: () => Promise<T | null | undefined>): Promise<T> {
  const end = performance.now() + 20_000
  for (;;) {
    const answer = await ask()
    if (answer !== null && answer !== undefined) return answer
    if (performance.now() > end) throw new Error('what was waited for did not come')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** Returns whether a statement with this text waits for another transaction. */
export async function waitingStatement(text: string): Promise<true | undefined> {
  const { rows } = await admin.query(
    "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE $1 AND pid <> pg_backend_pid()",
    [`%${text}%`],
  )
  return rows.length > 0 ? true : undefined
}

/** Returns the error of a call, or `undefined` if it succeeds. */
export function refused(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => undefined,
    (error: unknown) => error,
  )
}
