import type { PostgresAdapter } from '@go-go-scope/persistence-postgres'
import type { SQLiteAdapter as Sqlite3Adapter } from '@go-go-scope/persistence-sqlite'
import type { SQLiteAdapter as BunAdapter } from '@go-go-scope/persistence-sqlite-bun'
import type { SQLiteAdapter as NodeAdapter } from '@go-go-scope/persistence-sqlite-node'
import type { CitySql } from './city-sql.ts'

export type Row = Record<string, string | number | null>

/** A database, as this example uses it. Each package has its own file next to this one. */
export interface Engine {
  /** For people, for example `node:sqlite`. */
  name: string
  /** Statements that prepare a new connection. */
  setUp: readonly string[]
  citySql: CitySql
  /** Runs one statement and returns all rows. */
  rows(sql: string, parameters?: (string | number)[]): Promise<Row[]>
  /** Returns an adapter on this same connection. */
  adapter(): Sqlite3Adapter | NodeAdapter | BunAdapter | PostgresAdapter
  /** Closes a connection without an adapter. An adapter closes its connection itself. */
  close(): Promise<void>
}

export type OpenEngine = (path: string) => Promise<Engine>

export interface LoadedEngine {
  open: OpenEngine
  SQLiteAdapter: { open(path: string): Promise<{ disconnect(): Promise<void> }> }
}

/** Loads only this engine, because two SQLite libraries on one file in one process drop each other's file locks. */
export function loadEngine(frontEnd: 'sqlite3' | 'node' | 'bun'): Promise<LoadedEngine> {
  return import(`./${frontEnd}-engine.ts`)
}
