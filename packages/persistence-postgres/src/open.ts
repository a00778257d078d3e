import { randomUUID } from 'node:crypto'
import {
  Connection,
  invalidArgument,
  PersistenceError,
  resolveOptions,
  type SqlAdapter,
} from '@go-go-scope/persistence-core/dialect'
import { driverOf } from './driver-of.js'
import { isServerUrl, type PostgresOpenOptions, resolvedOpen, withoutSecrets } from './options.js'
import { postgresDialect } from './postgres-dialect.js'
import { type DriverName, sourceByUrl } from './wire/by-url.js'
import { pglite } from './wire/pglite.js'
import { newInMemory } from './wire/pglite-in-memory.js'
import type { ReconnectingDriver } from './wire/reconnecting-driver.js'
import { OwnConnections, type PostgresHandle } from './wire/source-of.js'
import type { Source } from './wire/wire.js'

/** Opens connections of its own and connects an adapter. If that fails, nothing stays open. */
export async function openPostgres<Adapter extends SqlAdapter>(
  url: string,
  options: PostgresOpenOptions | undefined,
  adapterOn: (handle: PostgresHandle, options: PostgresOpenOptions) => Adapter,
): Promise<Adapter> {
  checkUrl(url)
  // PGlite flushes nothing, so the default `power` would refuse every open of it.
  const usual = isServerUrl(url) ? 'power' : 'process'
  const given = resolvedOpen(options, usual)
  const { schema, durability, prepare, readOnly, driver } = given
  const resolved = resolveOptions(given.options)
  const handle = new OwnConnections(await sourceFor(url, driver, prepare !== false))
  const dialect = postgresDialect(schema, durability)
  const newDriver = (): ReconnectingDriver => driverOf(handle.source, given, driver)
  const connection = Connection.of(handle, newDriver, dialect, { ...resolved, readOnly })
  try {
    const adapter = adapterOn(handle as unknown as PostgresHandle, { ...given.options, schema, durability })
    await adapter.connect()
    return adapter
  } catch (error) {
    // The caller needs the error of opening, not one of closing.
    await connection.close().catch(() => undefined)
    throw error
  }
}

const KEPT = 'pglite:'

/** @throws PersistenceError `INVALID_ARGUMENT`. */
function checkUrl(url: unknown): asserts url is string {
  if (typeof url === 'string' && (isUrl(url) || url === 'memory:')) return
  const got =
    typeof url === 'string' ? JSON.stringify(withoutSecrets(url).slice(0, 40)) : url === null ? 'null' : typeof url
  throw invalidArgument(
    'open',
    `url must be like postgres://user:password@host:5432/database, memory: or pglite:./folder, got ${got}`,
  )
}

/** Whether `place` is a URL of a database that outlives this process. */
export function isUrl(place: string): boolean {
  return isServerUrl(place) || folderOf(place) !== undefined
}

/** Returns the folder of a `pglite:` URL, or `undefined` for any other URL. */
export function folderOf(url: string): string | undefined {
  return url.startsWith(KEPT) && url.length > KEPT.length ? url.slice(KEPT.length) : undefined
}

export async function sourceFor(url: string, driver?: DriverName, prepares = true): Promise<Source> {
  if (isServerUrl(url)) return sourceByUrl(url, driver, 'url', prepares)
  const PGlite = await loadPglite()
  const folder = folderOf(url)
  if (folder !== undefined) return pglite(new PGlite(folder))
  return { ...pglite(await newInMemory(PGlite)), identity: randomUUID() }
}

/** @throws PersistenceError `ENGINE_MISSING`. */
async function loadPglite() {
  // In a `try`, or webpack refuses an app that does not install it.
  try {
    return (await import('@electric-sql/pglite')).PGlite
  } catch (cause) {
    throw new PersistenceError(
      'ENGINE_MISSING',
      'open',
      'open: the package @electric-sql/pglite cannot be loaded; npm install @electric-sql/pglite, or open a server by its URL',
      cause,
    )
  }
}
