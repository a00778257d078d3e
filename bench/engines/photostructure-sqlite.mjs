import { DatabaseSync } from '@photostructure/sqlite'
import { databaseSyncEngine } from './database-sync-engine.mjs'

export const engine = databaseSyncEngine(DatabaseSync)
