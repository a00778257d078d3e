import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PostgresAdapter } from '@go-go-scope/persistence-postgres'
import { type OpenOptions, SQLiteAdapter } from '@go-go-scope/persistence-sqlite'

export type AdapterOfTest = SQLiteAdapter | PostgresAdapter

/** The database of one test: a file, or a schema in the cells of PostgreSQL. */
export interface DatabaseOfTest extends AsyncDisposable {
  /** @param told whether a server notifies the adapter of changes by others; a file never does */
  open(options?: OpenOptions, told?: boolean): Promise<AdapterOfTest>
}

export function databaseOfTest(): Promise<DatabaseOfTest> {
  return process.env.CELL?.startsWith('postgres:') ? schemaOfServer() : file()
}

async function file(): Promise<DatabaseOfTest> {
  const folder = await mkdtemp(join(tmpdir(), 'host-'))
  return {
    open: (options) => SQLiteAdapter.open(join(folder, 'app.db'), options),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  }
}

async function schemaOfServer(): Promise<DatabaseOfTest> {
  const { PostgresAdapter } = await import('@go-go-scope/persistence-postgres')
  const { places, serverUrl } = await import('../../postgres/server/places.mjs')
  const schema = await places.take()
  return {
    open(options, told = true) {
      return PostgresAdapter.open(serverUrl(), {
        schema,
        durability: 'process',
        ...(!told && { newsUrl: false }),
        ...options,
      })
    },
    [Symbol.asyncDispose]: () => places.give(schema),
  }
}
