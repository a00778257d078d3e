import {
  Connection,
  invalidArgument,
  PersistenceError,
  resolveOptions,
  type SqlAdapter,
} from '@go-go-scope/persistence-core/dialect'
import { type PostgresOpenOptions, resolvedOpen } from './options.js'
import { postgresDialect } from './postgres-dialect.js'
import { Lane } from './wire/lane.js'
import { pgClients } from './wire/pg.js'
import { pglite } from './wire/pglite.js'
import { OwnConnections, type PostgresHandle } from './wire/source-of.js'
import type { Source } from './wire/wire.js'

/** Opens connections of its own and connects; on failure nothing stays open. */
export async function openPostgres<Adapter extends SqlAdapter>(
  url: string,
  options: PostgresOpenOptions | undefined,
  adapterOn: (handle: PostgresHandle, options: PostgresOpenOptions) => Adapter,
): Promise<Adapter> {
  checkUrl(url)
  // PGlite flushes nothing: a default that it cannot keep would refuse every open of it.
  const usual = url.startsWith('postgres') ? 'power' : 'process'
  const { schema, durability, readOnly, options: given } = resolvedOpen(options, usual)
  const resolved = resolveOptions(given)
  const handle = new OwnConnections(await sourceFor(url))
  const dialect = postgresDialect(schema, durability)
  const connection = Connection.of(handle, () => new Lane(handle.source, resolved.busyTimeout), dialect, {
    ...resolved,
    readOnly,
  })
  try {
    const adapter = adapterOn(handle as unknown as PostgresHandle, { ...given, schema, durability })
    await adapter.connect()
    return adapter
  } catch (error) {
    // The caller needs the error of opening, not one of closing.
    await connection.close(false).catch(() => undefined)
    throw error
  }
}

const KEPT = 'pglite:'

/** @throws PersistenceError `INVALID_ARGUMENT`. */
function checkUrl(url: unknown): asserts url is string {
  if (typeof url === 'string' && (/^postgres(ql)?:\/\//.test(url) || url === 'memory:' || isFolder(url))) return
  const got = typeof url === 'string' ? JSON.stringify(url.slice(0, 40)) : url === null ? 'null' : typeof url
  throw invalidArgument(
    'open',
    `url must be like postgres://user:password@host:5432/database, memory: or pglite:./folder, got ${got}`,
  )
}

function isFolder(url: string): boolean {
  return url.startsWith(KEPT) && url.length > KEPT.length
}

async function sourceFor(url: string): Promise<Source> {
  if (url === 'memory:' || isFolder(url)) {
    const { PGlite } = await loaded('@electric-sql/pglite', () => import('@electric-sql/pglite'))
    return pglite(new PGlite(url === 'memory:' ? undefined : url.slice(KEPT.length)))
  }
  const { default: pg } = await loaded('pg', () => import('pg'))
  return pgClients(() => new pg.Client({ connectionString: url, keepAlive: true, application_name: 'go-go-scope' }))
}

/** @throws PersistenceError `ENGINE_MISSING`. */
async function loaded<Module>(name: string, load: () => Promise<Module>): Promise<Module> {
  try {
    return await load()
  } catch (cause) {
    throw new PersistenceError(
      'ENGINE_MISSING',
      'open',
      `open: the package ${name} cannot be loaded; npm install ${name}, or give the constructor a pool, client or instance`,
      cause,
    )
  }
}
