import { Database } from 'bun:sqlite'
import { BunSQLiteAdapter, SQLiteAdapter, SQLiteIdempotencyAdapter } from '@go-go-scope/persistence-sqlite-bun'
import { scope } from 'go-go-scope'
import { publishedScope } from './published-ports.js'

// Compiled, never run.
const database = new Database(':memory:')
const adapter = new SQLiteAdapter(database)
scope({ persistence: adapter })
scope({ persistence: new BunSQLiteAdapter(database) })
publishedScope({ persistence: adapter })
publishedScope({ persistence: { idempotency: new SQLiteIdempotencyAdapter(database) } })

// @ts-expect-error a cache keeps no checkpoints
publishedScope({ persistence: { checkpoint: adapter.cache } })
