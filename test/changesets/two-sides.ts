import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type AppliedChanges,
  type ApplyOptions,
  type Changesets,
  changesets,
  SQLiteAdapter,
} from '@go-go-scope/persistence-sqlite-node'
import { afterEach, beforeEach } from 'vitest'
import { engine } from '../cells/cell.js'

const SCHEMA = [
  'CREATE TABLE orders (id INTEGER PRIMARY KEY, item TEXT, amount REAL, note BLOB)',
  'CREATE TABLE prices (item TEXT, shop TEXT, price, PRIMARY KEY (item, shop)) WITHOUT ROWID',
  'CREATE TABLE people (name TEXT PRIMARY KEY, email TEXT UNIQUE, boss TEXT REFERENCES people (name))',
]
export const TABLES = ['orders', 'prices', 'people']

/** A file with tables of the app, an adapter on it, and the app's own handle for writes. */
class Side {
  readonly path: string
  readonly handle: object
  readonly adapter: InstanceType<typeof SQLiteAdapter>

  private constructor(path: string, handle: object) {
    this.path = path
    this.handle = handle
    this.adapter = new SQLiteAdapter(handle as never, { locks: 'database' })
  }

  static async make(path: string): Promise<Side> {
    const handle = await engine.openHandle(path)
    for (const sql of ['PRAGMA journal_mode = WAL', 'PRAGMA foreign_keys = ON', ...SCHEMA])
      await engine.rows(handle, sql)
    return new Side(path, handle)
  }

  run(sql: string, ...parameters: (string | number | null)[]): Promise<Record<string, unknown>[]> {
    return engine.rows(this.handle, sql, parameters)
  }

  all(table: string): Promise<string> {
    return this.run(`SELECT * FROM ${table} ORDER BY 1`).then((rows) => JSON.stringify(rows))
  }

  changes(tables: readonly string[] = TABLES): Promise<Changesets> {
    return changesets(this.adapter, { tables })
  }
}

/** The source and the target of changes: two new files per test. */
export class Pair {
  from!: Side
  to!: Side

  /** Returns the changes that `write` makes as a changeset. */
  async changesOf(write: () => Promise<unknown>, tables = TABLES): Promise<Uint8Array> {
    await using recording = await (await this.from.changes(tables)).record()
    await write()
    return recording.take()
  }

  async apply(changeset: Uint8Array, options?: ApplyOptions, tables = TABLES): Promise<AppliedChanges> {
    return (await this.to.changes(tables)).apply(changeset, options)
  }
}

export function twoSides(): Pair {
  const pair = new Pair()
  let folder = ''
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'changesets-'))
    pair.from = await Side.make(join(folder, 'from.db'))
    pair.to = await Side.make(join(folder, 'to.db'))
  })
  afterEach(async () => {
    for (const { adapter } of [pair.from, pair.to]) await adapter.disconnect()
    rmSync(folder, { recursive: true, force: true })
  })
  return pair
}
