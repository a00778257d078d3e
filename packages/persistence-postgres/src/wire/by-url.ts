import { PersistenceError } from '@go-go-scope/persistence-core/dialect'
import type { Listen } from '../news/postgres-news.js'
import { type BunSqlLike, bunSql } from './bun-sql.js'
import { pgClients } from './pg.js'
import { ownPostgresJs } from './postgres-js.js'
import type { Source } from './wire.js'

/** A client library for servers: the packages `pg` and `postgres`, and what Bun brings. */
export type DriverName = 'pg' | 'postgres' | 'bun'

const APPLICATION = 'go-go-scope'
// One for the calls, one for what may take long, and one to ask whether a statement runs.
const MOST = 3

const LOADERS: Readonly<Record<DriverName, (url: string) => Promise<Source>>> = {
  async pg(url) {
    const { default: pg } = await import('pg')
    const options = { connectionString: url, keepAlive: true, application_name: APPLICATION }
    return pgClients(async () => readingUrl(() => new pg.Client(options)))
  },

  async postgres(url) {
    const { default: postgres } = await import('postgres')
    // It writes notices to the console otherwise. And it asks each new connection for the types of arrays, of which we have
    // none, by a promise that nobody handles: a connection that ended then would end the process.
    const options = {
      max: 1,
      fetch_types: false,
      connection: { application_name: APPLICATION },
      onnotice: () => undefined,
    }
    return ownPostgresJs(() => readingUrl(() => postgres(url, options)))
  },

  async bun(url) {
    const { Bun } = globalThis as { Bun?: { SQL: new (options: object) => unknown } }
    if (Bun === undefined) throw new Error('this is not Bun')
    const options = { adapter: 'postgres', url, max: MOST, connection: { application_name: APPLICATION } }
    return bunSql(readingUrl(() => new Bun.SQL(options)) as BunSqlLike)
  },
}

/** Where a URL is none, the error has all of it as its `input`, with the password. */
function readingUrl<T>(make: () => T): T {
  try {
    return make()
  } catch (error) {
    if (error instanceof Error) Reflect.deleteProperty(error, 'input')
    throw error
  }
}

const NAMES: Readonly<Record<DriverName, string>> = { pg: 'pg', postgres: 'postgres', bun: 'Bun.SQL' }

/** Names that {@link sourceByUrl} takes. */
export const DRIVERS = Object.keys(LOADERS) as DriverName[]

/**
 * @param driver By default the first of {@link DRIVERS} that is there.
 * @throws PersistenceError `ENGINE_MISSING`.
 */
export async function sourceByUrl(url: string, driver?: DriverName): Promise<Source> {
  let cause: unknown
  for (const name of driver === undefined ? DRIVERS : [driver]) {
    try {
      return await LOADERS[name](url)
    } catch (error) {
      cause ??= error
    }
  }
  const wanted = driver === undefined ? 'pg' : NAMES[driver]
  const remedy = driver === 'bun' ? 'run it on Bun, or leave out the option driver' : `npm install ${wanted}`
  throw new PersistenceError(
    'ENGINE_MISSING',
    'open',
    `open: ${wanted} cannot be loaded; ${remedy}, or give the constructor a pool, client or instance`,
    cause,
  )
}

/** Listens on the server of `url`, by a connection that lasts as long as the listening. */
export function listenByUrl(url: string, driver?: DriverName): Listen {
  return async (channel, ear) => {
    const source = await sourceByUrl(url, driver)
    if (source.listen === undefined) throw new Error(`${source.engine} cannot listen`)
    const stop = await source.listen(channel, ear)
    return async () => {
      await stop()
      await source.end()
    }
  }
}
