import type { PostgresAdapter } from '@go-go-scope/persistence-postgres'
import type { SQLiteAdapter as Sqlite3Adapter } from '@go-go-scope/persistence-sqlite'
import type { SQLiteAdapter as BunAdapter } from '@go-go-scope/persistence-sqlite-bun'
import type { SQLiteAdapter as NodeAdapter } from '@go-go-scope/persistence-sqlite-node'
import type { CitySql } from './city-sql.ts'

export type Row = Record<string, string | number | null>

/** What this example needs of a database; one file beside this one for each front end. */
export interface Engine {
  /** For people, for example `node:sqlite`. */
  name: string
  /** What the connection needs before it is used. */
  setUp: readonly string[]
  citySql: CitySql
  /** Runs one statement to its end. */
  rows(sql: string, parameters?: (string | number)[]): Promise<Row[]>
  /** The providers over this very connection. */
  adapter(): Sqlite3Adapter | NodeAdapter | BunAdapter | PostgresAdapter
  /** For a connection without an adapter; an adapter closes it itself. */
  close(): Promise<void>
}

export type OpenEngine = (path: string) => Promise<Engine>

export interface LoadedEngine {
  open: OpenEngine
  SQLiteAdapter: { open(path: string): Promise<{ disconnect(): Promise<void> }> }
}

/** Loads one engine and no other: two SQLite libraries on one file in one process drop each other's file locks. */
export function loadEngine(frontEnd: 'sqlite3' | 'node' | 'bun'): Promise<LoadedEngine> {
  return import(`./${frontEnd}-engine.ts`)
}
