import { DatabaseSync } from '@photostructure/sqlite'
import { databaseSyncEngine } from './database-sync-engine.mjs'

// The package's class has the methods of node:sqlite's; only their declared types differ.
const likeNode = /** @type {typeof import('node:sqlite').DatabaseSync} */ (/** @type {unknown} */ (DatabaseSync))

export const engine = databaseSyncEngine('@photostructure/sqlite', likeNode, new URL(import.meta.url))
