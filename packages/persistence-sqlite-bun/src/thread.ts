import {
  backupInSteps,
  type LoadInThread,
  type Row,
  SpreadStatement,
  type SpreadStatementLike,
  type SqlValue,
  type SyncDriver,
  type SyncStatement,
  serveThread,
} from '@go-go-scope/persistence-core/engine'
import { BUN_LIBRARY, BunDriver } from './bun-driver.js'
import type { BunDatabase } from './handle.js'
import { loadEngine } from './load-engine.js'

interface DatabaseSync {
  prepare(sql: string): SpreadStatementLike
  close(): void
}

interface NodeSqliteModule {
  DatabaseSync: new (path: string, options: { readOnly: boolean }) => DatabaseSync
  backup?: (
    source: DatabaseSync,
    target: string,
    options: { rate: number; progress: (progress: { totalPages: number; remainingPages: number }) => void },
  ) => Promise<unknown>
}

// bun:sqlite has no backup. Bun's node:sqlite has one. Both are the same library in the process, so they share file locks.
const load: LoadInThread<BunDatabase | DatabaseSync> = async (name) => {
  const { DatabaseSync, backup } = await importNodeSqlite()
  if (DatabaseSync === undefined || backup === undefined) {
    return { ...(await loadEngine()), driver: (database) => new BunDriver(database as BunDatabase) }
  }
  return {
    name,
    library: BUN_LIBRARY,
    open: (path, readOnly) => new DatabaseSync(path, { readOnly }),
    driver: (database) => new NodeSqliteDriver(database as DatabaseSync),
    backup: (source, target, steps) => backupInSteps(backup, source as DatabaseSync, target, steps),
  }
}

async function importNodeSqlite(): Promise<Partial<NodeSqliteModule>> {
  try {
    const name: string = 'node:sqlite'
    return (await import(/* webpackIgnore: true */ /* @vite-ignore */ name)) as NodeSqliteModule
  } catch {
    // A Bun without `backup` copies with SQL.
    return {}
  }
}

class NodeSqliteDriver implements SyncDriver {
  readonly synchronous = true
  readonly engine = 'bun:sqlite'
  readonly library: unknown = BUN_LIBRARY
  readonly #database: DatabaseSync

  constructor(database: DatabaseSync) {
    this.#database = database
  }

  query(sql: string, parameters: readonly SqlValue[]): Row[] {
    return this.prepare(sql).all(parameters)
  }

  prepare(sql: string): SyncStatement {
    return new SpreadStatement(this.#database.prepare(sql))
  }

  close(): void {
    this.#database.close()
  }
}

serveThread(load)
