import { DatabaseSync } from 'node:sqlite'
import { databaseSyncEngine } from './database-sync-engine.mjs'

export const engine = databaseSyncEngine('node:sqlite', DatabaseSync, new URL(import.meta.url))
