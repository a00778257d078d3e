import {
  type BackupSteps,
  backupInSteps,
  backupOnPool,
  type FunctionHandle,
  type LoadInThread,
  serveThread,
} from '@go-go-scope/persistence-core/engine'
import { DatabaseSyncDriver } from './database-sync-driver.js'
import type { DatabaseSyncClass, DatabaseSyncLike } from './handle.js'
import { importModule, loadEngine } from './load-engine.js'

type Backup = (source: DatabaseSyncLike, target: string, options: BackupOptions) => Promise<unknown>

interface BackupOptions {
  rate: number
  progress?: (progress: { totalPages: number; remainingPages: number }) => void
}

interface DatabaseSyncModule {
  DatabaseSync: DatabaseSyncClass
  /** Absent before Node 22.16. */
  backup?: Backup
}

const load: LoadInThread<DatabaseSyncLike> = async (name) => {
  const { DatabaseSync, backup } = (await importModule(name)) as DatabaseSyncModule
  const engine = await loadEngine(DatabaseSync)
  const driver = (database: DatabaseSyncLike) => new DatabaseSyncDriver(database)
  if (backup === undefined) return { ...engine, driver }
  const run = engine.name === 'node:sqlite' ? backupInSteps<DatabaseSyncLike> : onPool
  return { ...engine, driver, backup: (...given) => run(backup, ...given) }
}

function onPool(backup: Backup, source: DatabaseSyncLike, target: string, steps: BackupSteps): Promise<void> {
  const start = () => backup(source, target, { rate: steps.rate })
  return backupOnPool(source as DatabaseSyncLike & FunctionHandle, new DatabaseSyncDriver(source), target, steps, start)
}

serveThread(load)
