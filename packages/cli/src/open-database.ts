import { existsSync, statSync } from 'node:fs'
import { basename, dirname, isAbsolute } from 'node:path'
import {
  type AdapterOptions,
  type AdapterStats,
  type DiagnosticListener,
  type Inspection,
  PersistenceError,
  SchemaMissingError,
} from '@go-go-scope/persistence-core/public'
import type { SQLiteAdapter } from '@go-go-scope/persistence-sqlite-node'
import { INSTALL_BESIDE, SchemaOlderError, UsageError } from './exit-codes.js'
import { say } from './output.js'

/** An open database. Members that only a file has are absent on a server. */
export interface Database
  extends Pick<
    SQLiteAdapter,
    'lock' | 'circuitBreaker' | 'cache' | 'idempotency' | 'checkpoint' | 'inspect' | 'verify' | 'prune' | 'disconnect'
  > {
  stats(): Promise<Omit<AdapterStats, OfFile> & Partial<Pick<AdapterStats, OfFile>>>
}

type OfFile = 'sqliteVersion' | 'file' | 'fileBytes' | 'walBytes'

export interface HowToOpen {
  /** The key prefix. */
  readonly prefix?: string | undefined
  /** Whether nobody can change the file, which is then read without locks. */
  readonly immutable?: boolean | undefined
  /** Whether the database is opened for writing. */
  readonly write?: boolean
  /** Whether to create a missing file, and to create or update its tables. Only with `write`. */
  readonly migrate?: boolean
  /** Options that are passed to the adapter. */
  readonly exactly?: Pick<AdapterOptions, 'codec' | 'clock' | 'maxValueSize'>
  readonly onDiagnostic?: DiagnosticListener
}

/** The SQLite package of a runtime. */
export type FrontEnd = typeof import('@go-go-scope/persistence-sqlite-node')

const PGLITE = 'pglite:'
export const isServer = (database: string): boolean => /^(postgres(ql)?|pglite):/.test(database)

/** Loads the SQLite package for this runtime. */
export async function loadFrontEnd(): Promise<FrontEnd> {
  if (process.versions.bun === undefined) return import('@go-go-scope/persistence-sqlite-node')
  // All members that are used here are equal. Only the classes of the handles differ.
  return (await import('@go-go-scope/persistence-sqlite-bun')) as unknown as FrontEnd
}

/**
 * Opens an existing database, for reading unless `write`.
 *
 * @throws UsageError if the file is missing and must not be created.
 * @throws SchemaOlderError if its tables are older. Nothing is changed then.
 */
export async function openDatabase(path: string, how: HowToOpen = {}): Promise<Database> {
  const { write = false, migrate = false } = how
  // PGlite would make a missing folder.
  if (path.startsWith(PGLITE) && !migrate) requireExists(splitUrl(path).url.slice(PGLITE.length))
  if (!isServer(path) && !migrate) {
    requireExists(path)
    // A pipe would be waited for without end.
    const found = statSync(path)
    if (found.isDirectory()) throw new UsageError(`${path} is a folder; name the file of the database in it`)
    if (!found.isFile()) throw new UsageError(`${path} is not a regular file; name the file of the database`)
    // SQLite would remove the WAL, even to read, and with it what may be left of the data.
    if (found.size === 0 && (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0) {
      const why = `${path} is empty, but ${path}-wal is not, and SQLite would remove it; keep a copy of both, then move it away`
      throw new PersistenceError('CANNOT_OPEN', 'open', why)
    }
    // Opening a file for writing sets its journal mode before its tables are checked.
    if (write) await (await open(path, { prefix: how.prefix })).disconnect()
  }
  return open(path, how)
}

/** @throws UsageError if the file does not exist. */
export function requireExists(path: string): void {
  if (existsSync(path)) return
  const where = isAbsolute(path) ? '' : ` in ${process.cwd()}`
  throw new UsageError(`there is no file ${path}${where}; check the path, and that you may read its folder`)
}

/** @throws UsageError for a server, because only files are copied here. */
export function requireFile(path: string): void {
  if (isServer(path)) throw new UsageError('a PostgreSQL database is copied with pg_dump')
}

/** @throws UsageError if the folder of the file does not exist. */
export function requireFolderOf(path: string): void {
  const folder = dirname(path)
  if (!existsSync(folder))
    throw new UsageError(`there is no folder ${folder} for ${basename(path)}; create it, or choose another path`)
}

async function open(path: string, how: HowToOpen): Promise<Database> {
  const { prefix = '', immutable, write = false, migrate = false, exactly, onDiagnostic } = how
  const options = {
    keyPrefix: prefix,
    readOnly: !write,
    locks: 'database',
    createTables: write && migrate,
    // An app may have raised its limit. A server has its own limit.
    maxKeyLength: isServer(path) ? 1_536 : Number.MAX_SAFE_INTEGER,
    ...exactly,
    ...(onDiagnostic && { onDiagnostic }),
  } as const
  try {
    if (isServer(path)) {
      if (immutable === true) throw new UsageError('--immutable is for a file that nobody can change')
      const { url, schema } = splitUrl(path)
      // Inspection and repair must work on any server, so no durability is required.
      const ofServer = { ...options, durability: 'process', ...(schema !== null && { schema }) } as const
      return await (await loadPostgres()).open(url, ofServer)
    }
    return await (await loadFrontEnd()).SQLiteAdapter.open(path, { ...options, immutable })
  } catch (error) {
    throw error instanceof SchemaMissingError ? new SchemaOlderError(path, error) : error
  }
}

/** Removes our own parameter `?schema=name` from a URL, because client libraries refuse it. */
function splitUrl(path: string): { readonly url: string; readonly schema: string | null } {
  const [url = '', query = ''] = path.split('?', 2)
  const parameters = new URLSearchParams(query)
  const schema = parameters.get('schema')
  parameters.delete('schema')
  return { url: parameters.size === 0 ? url : `${url}?${parameters}`, schema }
}

async function loadPostgres() {
  // In a `try`, so that bundlers accept that it is missing.
  try {
    return (await import('@go-go-scope/persistence-postgres')).PostgresAdapter
  } catch (cause) {
    const missing = 'a PostgreSQL database needs the package @go-go-scope/persistence-postgres; install it'
    throw new UsageError(`${missing}. ${INSTALL_BESIDE}`, { cause })
  }
}

/** Stands for all prefixes in `inspect`. An app may have it as its prefix. */
export const ALL = '*'

/** Returns the inspection of the prefix with which the database was opened, whatever it is; without one, that of all. */
export function inspectionOf(database: Database, prefix: string | undefined): Inspection {
  if (prefix === ALL) say("--prefix '*' is the app with that keyPrefix; for all apps, leave it out")
  return database.inspect(prefix === undefined ? { prefix: ALL } : {})
}

/** Opens a database while `use` runs. */
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
