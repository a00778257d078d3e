import { existsSync, statSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import {
  type AdapterOptions,
  type AdapterStats,
  type DiagnosticListener,
  SchemaMissingError,
} from '@go-go-scope/persistence-core/public'
import type { SQLiteAdapter } from '@go-go-scope/persistence-sqlite-node'
import { SchemaOlderError, UsageError } from './exit-codes.js'

/** A database that is looked into or changed. What only a file has is absent on a server. */
export interface Database
  extends Pick<
    SQLiteAdapter,
    'lock' | 'circuitBreaker' | 'cache' | 'idempotency' | 'checkpoint' | 'inspect' | 'verify' | 'prune' | 'disconnect'
  > {
  stats(): Promise<Omit<AdapterStats, OfFile> & Partial<Pick<AdapterStats, OfFile>>>
}

type OfFile = 'sqliteVersion' | 'file' | 'fileBytes' | 'walBytes'

export interface HowToOpen {
  /** Put before every key. */
  readonly prefix?: string | undefined
  /** Whether something is to be changed. */
  readonly write?: boolean
  /** Makes the tables, or brings them up to date, and the file where there is none. Only with `write`. */
  readonly migrate?: boolean
  /** The adapter's own options of these names. */
  readonly exactly?: Pick<AdapterOptions, 'codec' | 'clock' | 'maxKeyLength' | 'maxValueSize'>
  readonly onDiagnostic?: DiagnosticListener
}

/** The front end of a runtime. */
export type FrontEnd = typeof import('@go-go-scope/persistence-sqlite-node')

export const isServer = (database: string): boolean => /^(postgres(ql)?|pglite):/.test(database)

/** The front end whose engine the runtime has. */
export async function loadFrontEnd(): Promise<FrontEnd> {
  if (process.versions.bun === undefined) return import('@go-go-scope/persistence-sqlite-node')
  // Equal in all that is called here; the classes of their handles differ.
  return (await import('@go-go-scope/persistence-sqlite-bun')) as unknown as FrontEnd
}

/**
 * Opens an existing database, for reading unless `write`.
 *
 * @throws UsageError where there is no such file, and none is to be made.
 * @throws SchemaOlderError where its tables are older; nothing is changed then.
 */
export async function openDatabase(path: string, how: HowToOpen = {}): Promise<Database> {
  const { write = false, migrate = false } = how
  if (!isServer(path) && !migrate) {
    requireExists(path)
    if (statSync(path).isDirectory()) throw new UsageError(`${path} is a folder, and no database`)
    // Opening a file for writing gives it its journal mode before its tables are looked at.
    if (write) await (await open(path, { prefix: how.prefix })).disconnect()
  }
  return open(path, how)
}

/** @throws UsageError where there is nothing of that name. */
export function requireExists(path: string): void {
  if (!existsSync(path)) throw new UsageError(`there is no file ${path}`)
}

/** @throws UsageError for a server, of which no copy is made here. */
export function requireFile(path: string): void {
  if (isServer(path)) throw new UsageError('a PostgreSQL database is copied with pg_dump')
}

/** @throws UsageError where a file of that name cannot be made, because there is no folder for it. */
export function requireFolderOf(path: string): void {
  const folder = dirname(path)
  if (!existsSync(folder)) throw new UsageError(`there is no folder ${folder} for ${basename(path)}`)
}

async function open(path: string, how: HowToOpen): Promise<Database> {
  const { prefix = '', write = false, migrate = false, exactly, onDiagnostic } = how
  const options = {
    keyPrefix: prefix,
    readOnly: !write,
    locks: 'database',
    createTables: write && migrate,
    ...exactly,
    ...(onDiagnostic && { onDiagnostic }),
  } as const
  try {
    if (isServer(path)) {
      const { url, schema } = splitUrl(path)
      // Nothing stops somebody who only looks, or mends: whatever the settings of the server keep will do.
      const ofServer = { ...options, durability: 'process', ...(schema !== null && { schema }) } as const
      return await (await loadPostgres()).open(url, ofServer)
    }
    return await (await loadFrontEnd()).SQLiteAdapter.open(path, options)
  } catch (error) {
    throw error instanceof SchemaMissingError ? new SchemaOlderError(path, error) : error
  }
}

/** `?schema=name` of a URL is for us: client libraries would refuse it. */
function splitUrl(path: string): { readonly url: string; readonly schema: string | null } {
  const [url = '', query = ''] = path.split('?', 2)
  const parameters = new URLSearchParams(query)
  const schema = parameters.get('schema')
  parameters.delete('schema')
  return { url: parameters.size === 0 ? url : `${url}?${parameters}`, schema }
}

async function loadPostgres() {
  const { PostgresAdapter } = await import('@go-go-scope/persistence-postgres').catch((cause: unknown) => {
    throw new UsageError('a PostgreSQL database needs the package @go-go-scope/persistence-postgres; install it', {
      cause,
    })
  })
  return PostgresAdapter
}

/** Opens a database for as long as `use` runs. */
export async function withDatabase<Result>(
  path: string,
  how: HowToOpen,
  use: (database: Database) => Promise<Result>,
): Promise<Result> {
  const database = await openDatabase(path, how)
  try {
    return await use(database)
  } finally {
    await database.disconnect()
  }
}
