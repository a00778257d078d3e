import { DatabaseSync } from '@photostructure/sqlite'
import { databaseSyncEngine } from './database-sync-engine.mjs'

// The class has the same methods as that of node:sqlite; only the declared types differ.
const likeNode = /** @type {typeof import('node:sqlite').DatabaseSync} */ (/** @type {unknown} */ (DatabaseSync))

export const engine = databaseSyncEngine('@photostructure/sqlite', likeNode, new URL(import.meta.url))
