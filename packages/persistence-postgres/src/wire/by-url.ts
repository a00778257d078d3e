import { PersistenceError } from '@go-go-scope/persistence-core/dialect'
import type { Listen } from '../notifications/postgres-notifications.js'
import { type BunSqlLike, bunSql } from './bun-sql.js'
import { pgClients } from './pg.js'
import { ownPostgresJs } from './postgres-js.js'
import type { Source } from './wire.js'

/** A client library for servers: the packages `pg` and `postgres`, and Bun's built-in client. */
export type DriverName = 'pg' | 'postgres' | 'bun'

const APPLICATION = 'go-go-scope'
// One connection for calls, one for work that may take long, and one to ask whether a statement still runs.
const MOST = 3
// ms after which `pg` gives up a connection that nobody awaits any longer. As `postgres` does; a server may need most of it to
// start on demand. Without it, a server that accepts connections and is silent would keep the process alive.
const LONGEST_CONNECT_MS = 30_000

/** Where a URL comes from: the argument of `open`, or the option `newsUrl`. */
type UrlName = 'url' | 'newsUrl'

const OPERATION: Readonly<Record<UrlName, string>> = { url: 'open', newsUrl: 'connect' }

function pgSource(pg: typeof import('pg').default, url: string, name: UrlName): Source {
  const options = {
    connectionString: url,
    keepAlive: true,
    application_name: APPLICATION,
    connectionTimeoutMillis: LONGEST_CONNECT_MS,
  }
  const client = () => new pg.Client(options)
  readingUrl('pg', name, client)
  return pgClients(async () => client())
}

function postgresSource(postgres: typeof import('postgres'), url: string, name: UrlName): Source {
  // By default the library writes notices to the console. It also queries array types, which we do not use, on each new
  // connection. If the connection ends during that query, the unhandled rejection ends the process.
  const options = {
    max: 1,
    fetch_types: false,
    connection: { application_name: APPLICATION },
    onnotice: () => undefined,
  }
  const client = () => postgres(url, { ...options, ...addressOf(url) })
  readingUrl('postgres', name, client)
  return ownPostgresJs(client)
}

function bunSource(url: string, name: UrlName, prepare: boolean): Source {
  const { Bun } = globalThis as { Bun?: { SQL: new (options: object) => unknown } }
  if (Bun === undefined) throw new Error('this is not Bun')
  // `prepare` holds for the whole pool.
  const options = { adapter: 'postgres', url, max: MOST, prepare, connection: { application_name: APPLICATION } }
  return bunSql(readingUrl('bun', name, () => new Bun.SQL(options)) as BunSqlLike)
}

/** Returns the address in a URL as options for `postgres`, which misreads IPv6 addresses and socket folders as host names. */
function addressOf(url: string): object {
  // A URL with several hosts cannot be parsed here. The library reads it.
  if (!URL.canParse(url)) return {}
  const { hostname, port } = new URL(url)
  const number = Number(port || 5432)
  const host = decodeURIComponent(hostname)
  if (host.startsWith('[')) return { host: [host.slice(1, -1)], port: [number] }
  return host.startsWith('/') ? { path: `${host}/.s.PGSQL.${number}` } : {}
}

const NAMES: Readonly<Record<DriverName, string>> = { pg: 'pg', postgres: 'postgres', bun: 'Bun.SQL' }

/**
 * Makes a client, which connects later. Refuses at once a URL that the library cannot read.
 *
 * @throws PersistenceError `INVALID_ARGUMENT`.
 */
function readingUrl<T>(driver: DriverName, name: UrlName, make: () => T): T {
  try {
    return make()
  } catch (error) {
    // The URL may hold a password, and the error carries the whole URL as `input`.
    if (error instanceof Error) Reflect.deleteProperty(error, 'input')
    const why = error instanceof Error ? error.message : String(error)
    throw new PersistenceError(
      'INVALID_ARGUMENT',
      OPERATION[name],
      `${OPERATION[name]}: ${NAMES[driver]} cannot use the ${name} (${why}); it must be like postgres://user:password@host:5432/database, ` +
        'with encodeURIComponent() around user and password',
      error,
    )
  }
}

/** The names that {@link sourceByUrl} accepts. */
export const DRIVERS = Object.keys(NAMES) as DriverName[]

/**
 * Returns the connections to a server.
 *
 * @param driver Default: the first of {@link DRIVERS} that is installed.
 * @param prepares Whether statements may be kept prepared.
 * @throws PersistenceError `ENGINE_MISSING`; `INVALID_ARGUMENT` for a URL that the library cannot read.
 */
export async function sourceByUrl(
  url: string,
  driver?: DriverName,
  name: UrlName = 'url',
  prepares = true,
): Promise<Source> {
  let cause: unknown
  for (const library of driver === undefined ? DRIVERS : [driver]) {
    // Each import() is within the `try`, or bundlers refuse an app that does not install the library.
    try {
      if (library === 'pg') return pgSource((await import('pg')).default, url, name)
      if (library === 'postgres') return postgresSource((await import('postgres')).default, url, name)
      return bunSource(url, name, prepares)
    } catch (error) {
      // The library is installed and rejects the URL.
      if (error instanceof PersistenceError) throw error
      cause ??= error
    }
  }
  const wanted = driver === undefined ? 'pg' : NAMES[driver]
  const remedy = driver === 'bun' ? 'run it on Bun, or leave out the option driver' : `npm install ${wanted}`
  const other = name === 'url' ? 'give the constructor a pool, client or instance' : 'leave newsUrl out'
  const problem = `${OPERATION[name]}: ${wanted} cannot be loaded; ${remedy}, or ${other}`
  throw new PersistenceError('ENGINE_MISSING', OPERATION[name], problem, cause)
}

/** @throws PersistenceError as {@link sourceByUrl}, and `INVALID_ARGUMENT` if the library cannot listen. */
export async function checkNewsUrl(url: string, driver?: DriverName): Promise<void> {
  const source = await sourceByUrl(url, driver, 'newsUrl')
  await source.end()
  if (source.listen !== undefined) return
  const problem = `${source.engine} cannot listen; leave newsUrl out, or install pg and pass driver: 'pg'`
  throw new PersistenceError('INVALID_ARGUMENT', OPERATION.newsUrl, `${OPERATION.newsUrl}: ${problem}`)
}

/** Listens on the server of `url`, on a connection that lasts as long as the listening. */
export function listenByUrl(url: string, driver?: DriverName): Listen {
  return async (channel, listener) => {
    const source = await sourceByUrl(url, driver, 'newsUrl')
    try {
      if (source.listen === undefined) throw new Error(`${source.engine} cannot listen`)
      const stop = await source.listen(channel, listener)
      return () => stop().finally(() => source.end())
    } catch (error) {
      // The caller needs the error of listening.
      await source.end().catch(() => undefined)
      throw error
    }
  }
}
