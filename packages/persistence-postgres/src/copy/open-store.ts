import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { openFile } from '@go-go-scope/persistence-core'
import { Connection, PersistenceError, resolveOptions } from '@go-go-scope/persistence-core/dialect'
import { folderOf, isUrl, sourceFor } from '../open.js'
import { isServerUrl, withoutSecrets } from '../options.js'
import { postgresDialect } from '../postgres-dialect.js'
import { migratingAnyway } from '../schema/migrate.js'
import { ReconnectingDriver } from '../wire/reconnecting-driver.js'
import { OwnConnections } from '../wire/source-of.js'
import { failure } from './copy-source.js'
import { fileSql } from './file-sql.js'
import { SERVER_CLOCK, serverSql } from './server-sql.js'
import { Store } from './store.js'

/** How a store is opened. */
export interface Access {
  /** The schema on a server. */
  readonly schema: string
  /** Writes nothing and creates nothing. */
  readonly readOnly: boolean
  /** What to do if the file or schema is missing. */
  readonly missing: 'make' | 'refuse' | 'skip'
}

// A copy waits longer for a row or a connection than an app would.
const BUSY_TIMEOUT_MS = 10_000

// Two or more letters before the colon, because a drive name has one letter.
const MISTYPED_URL = /^[a-z][\w+.-]+(:\/\/|:\/*[^/]*@|\/\/[^/]*:[^/]*@)/i

/** Whether `place` is the URL of a server, not the path of a file. */
export function isServer(place: string): boolean {
  return isUrl(place)
}

/** @throws PersistenceError `INVALID_ARGUMENT` unless `place` is a text: an unset variable is `undefined`, or empty in a shell. */
export function checkPlace(name: string, place: unknown): void {
  if (typeof place === 'string' && place !== '') return
  const got = place === '' ? 'an empty text' : typeof place
  throw failure('INVALID_ARGUMENT', `${name} must be a path or a URL, got ${got}; is the variable set?`)
}

/** Opens a store. Returns `undefined` if it is missing and `missing` is `skip`. */
export function openStore(place: string, access: Access): Promise<Store | undefined> {
  if (isServer(place)) return openServer(place, access)
  // Otherwise it would count as a path, and messages would print it with its password.
  if (MISTYPED_URL.test(place))
    throw failure('INVALID_ARGUMENT', `a server is named like postgres://…, and not ${withoutSecrets(place)}`)
  return openFileStore(place, access)
}

async function openServer(url: string, { schema, readOnly, missing }: Access): Promise<Store | undefined> {
  // PGlite creates a missing folder, unless the URL names another kind of storage.
  const folder = folderOf(url)
  if (folder !== undefined && !folder.includes('://') && missing !== 'make' && !(await exists(folder)))
    return notThere(folder, missing)
  const connection = await connectionTo(url, schema, readOnly)
  const close = (): Promise<void> => connection.close()
  try {
    await connection.open()
    await migratingAnyway(schema)(connection.queue, missing === 'make')
    return new Store(nameOf(url, schema), connection.queue, serverSql(schema), close)
  } catch (error) {
    await close().catch(() => undefined) // The caller needs the error of opening.
    if (missing === 'skip' && error instanceof PersistenceError && error.code === 'SCHEMA_MISSING') return undefined
    throw error
  }
}

/** Returns a connection that is not open yet. */
export async function connectionTo(url: string, schema: string, readOnly: boolean): Promise<Connection> {
  const handle = new OwnConnections(await sourceFor(url))
  const dialect = postgresDialect(schema, 'process')
  const options = { ...resolveOptions({ busyTimeout: BUSY_TIMEOUT_MS }), readOnly }
  return Connection.of(
    handle,
    () => new ReconnectingDriver(handle.source, { answerTimeout: BUSY_TIMEOUT_MS, prepare: 'auto' }),
    dialect,
    options,
  )
}

/** Returns the ms by which the clock used at `place` is ahead of this process's. The store need not exist. */
export async function clockAheadAt(place: string, schema: string): Promise<number> {
  if (!isServerUrl(place)) return 0
  const connection = await connectionTo(place, schema, true)
  try {
    await connection.open()
    const [row] = await connection.queue.query('copy', SERVER_CLOCK, [null])
    return Number(row?.now) - Date.now()
  } finally {
    await connection.close()
  }
}

/** Returns a name for people, without user, password and parameters, which may be secret. */
export function nameOf(url: string, schema: string): string {
  if (!isServer(url)) return resolve(url)
  if (!url.startsWith('postgres')) return `${url} (schema ${schema})`
  // The library accepts some addresses that are no URLs, such as several hosts, or a user without a host.
  if (!URL.canParse(url)) return `${withoutSecrets(url)} (schema ${schema})`
  const { host, pathname } = new URL(url)
  return `postgres://${host}${pathname} (schema ${schema})`
}

async function openFileStore(path: string, { readOnly, missing }: Access): Promise<Store | undefined> {
  const found = await exists(path)
  if (!found && missing !== 'make') return notThere(path, missing)
  const Adapter = await frontEnd()
  // Creates the file as an app would, with the same journal mode and permissions.
  if (!found) await (await Adapter.open(path)).disconnect()
  const file = await openFile(Adapter, path, readOnly)
  if (file === undefined) {
    throw new PersistenceError(
      'SECOND_COPY',
      'copy',
      'copy: the package for SQLite uses another copy of @go-go-scope/persistence-core (npm dedupe)',
    )
  }
  return new Store(resolve(path), file.queue, fileSql, () => file.close())
}

/** Returns `false` also if the path cannot be read. Opening it then reports why. */
const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )

function notThere(path: string, missing: 'refuse' | 'skip'): undefined {
  if (missing === 'refuse')
    throw failure('INVALID_ARGUMENT', `there is no file or folder ${JSON.stringify(withoutSecrets(path))}`)
}

interface FrontEndClass {
  open(path: string): Promise<{ disconnect(): Promise<void> }>
}

const FRONT_ENDS = ['-node', '', '-bun'].map((engine) => `@go-go-scope/persistence-sqlite${engine}`)

/** Returns the adapter class of the first SQLite package that is installed and whose engine can be loaded. */
async function frontEnd(): Promise<FrontEndClass> {
  const failures: unknown[] = []
  for (const name of FRONT_ENDS) {
    try {
      const { SQLiteAdapter } = (await import(/* webpackIgnore: true */ /* @vite-ignore */ name)) as {
        SQLiteAdapter: FrontEndClass
      }
      await (await SQLiteAdapter.open(':memory:')).disconnect()
      return SQLiteAdapter
    } catch (error) {
      failures.push(error)
    }
  }
  const why = failures.map((error) => (error instanceof Error ? error.message : String(error))).join('; ')
  throw new PersistenceError(
    'ENGINE_MISSING',
    'copy',
    `copy: no package for SQLite can be loaded; npm install ${FRONT_ENDS[0]} (${why})`,
    new AggregateError(failures),
  )
}
