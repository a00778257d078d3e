import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PostgresAdapter } from '@go-go-scope/persistence-postgres'
import { type CopyDatabaseOptions, type CopyResult, copyDatabase } from '@go-go-scope/persistence-postgres/copy'
import { SQLiteAdapter } from '@go-go-scope/persistence-sqlite-node'
import pg from 'pg'
import { afterEach } from 'vitest'
import { serverUrl } from '../postgres/server/places.mjs'

export interface Place {
  readonly folder: string
  readonly file: string
  /** A schema of the server that does not exist yet. */
  readonly schema: string
}

const places: Place[] = []
const open: { disconnect(): Promise<void> }[] = []
let made = 0

/** Runs statements without an adapter. */
export const admin: pg.Pool = new pg.Pool({ connectionString: serverUrl(), max: 2, allowExitOnIdle: true })

/** Makes a folder and a schema name; both are removed when the test ends. */
export async function newPlace(): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'copy-'))
  const place = { folder, file: join(folder, 'app.db'), schema: `copy_${process.pid}_${++made}` }
  places.push(place)
  return place
}

afterEach(async () => {
  await Promise.allSettled(open.splice(0).map((adapter) => adapter.disconnect()))
  for (const { folder, schema } of places.splice(0)) {
    await admin.query(`DROP SCHEMA IF EXISTS "${schema}" CASCADE`)
    await rm(folder, { recursive: true, force: true })
  }
})

export async function onFile(file: string, keyPrefix = 'shop:'): Promise<SQLiteAdapter> {
  const adapter = await SQLiteAdapter.open(file, { keyPrefix, locks: 'database' })
  open.push(adapter)
  return adapter
}

export async function onServer({ schema }: Place, keyPrefix = 'shop:'): Promise<PostgresAdapter> {
  const adapter = await PostgresAdapter.open(serverUrl(), { schema, keyPrefix, durability: 'process' })
  open.push(adapter)
  return adapter
}

type Options = Omit<CopyDatabaseOptions, 'schema'>

export function toServer(place: Place, options: Options = {}): Promise<CopyResult> {
  return copyDatabase(place.file, serverUrl(), { schema: place.schema, ...options })
}

export function toFile(place: Place, file: string, options: Options = {}): Promise<CopyResult> {
  return copyDatabase(serverUrl(), file, { schema: place.schema, ...options })
}

/** Returns the number of rows and their hash per table. */
export function fingerprints({ tables }: CopyResult): Record<string, { rows: number; sha256: string }> {
  return Object.fromEntries(tables.map((table) => [table.table, table as { rows: number; sha256: string }]))
}
