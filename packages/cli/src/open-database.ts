import { existsSync } from 'node:fs'
import type { AdapterStats, DiagnosticListener } from '@go-go-scope/persistence-core/public'
import type { SQLiteAdapter } from '@go-go-scope/persistence-sqlite-node'
import { UsageError } from './exit-codes.js'

/** A database that is looked into or changed. What only a file has is absent on a server. */
export interface Database
  extends Pick<
    SQLiteAdapter,
    'lock' | 'circuitBreaker' | 'cache' | 'idempotency' | 'checkpoint' | 'inspect' | 'prune' | 'disconnect'
  > {
  readonly backup?: SQLiteAdapter['backup']
  stats(): Promise<Omit<AdapterStats, OfFile> & Partial<Pick<AdapterStats, OfFile>>>
}

type OfFile = 'sqliteVersion' | 'file' | 'fileBytes' | 'walBytes'

export interface HowToOpen {
  /** Put before every key. */
  readonly prefix?: string | undefined
  /** Whether something is to be changed. */
  readonly write?: boolean
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
 * @throws UsageError where there is no such file: `open` would make one.
 */
export async function openDatabase(
  path: string,
  { prefix = '', write = false, onDiagnostic }: HowToOpen = {},
): Promise<Database> {
  const options = {
    keyPrefix: prefix,
    readOnly: !write,
    locks: 'database',
    createTables: write,
    ...(onDiagnostic && { onDiagnostic }),
  } as const
  if (isServer(path)) {
    const { PostgresAdapter } = await import('@go-go-scope/persistence-postgres').catch((cause: unknown) => {
      throw new UsageError('a PostgreSQL database needs the package @go-go-scope/persistence-postgres; install it', {
        cause,
      })
    })
    return PostgresAdapter.open(path, options)
  }
  if (!existsSync(path)) throw new UsageError(`there is no file ${path}`)
  const { SQLiteAdapter } = await loadFrontEnd()
  return SQLiteAdapter.open(path, options)
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
