import { DatabaseSync } from 'node:sqlite'
import { databaseSyncEngine } from './database-sync-engine.mjs'

export const engine = databaseSyncEngine(DatabaseSync)
