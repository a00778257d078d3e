import type { World } from './world.js'

/** The tables of go-go-scope 2.9: the columns as published, in order. */
export const PUBLISHED_TABLES: Readonly<Record<string, readonly string[]>> = {
  go_goscope_circuit: [
    'key TEXT PRIMARY KEY',
    'state TEXT NOT NULL',
    'failure_count INTEGER NOT NULL DEFAULT 0',
    'last_failure_time INTEGER',
    'last_success_time INTEGER',
    'updated_at INTEGER NOT NULL',
  ],
  go_goscope_cache: [
    'key TEXT PRIMARY KEY',
    'value TEXT NOT NULL',
    'expires_at INTEGER',
    'created_at INTEGER DEFAULT (unixepoch())',
  ],
  go_goscope_checkpoints: [
    'id TEXT PRIMARY KEY',
    'task_id TEXT NOT NULL',
    'sequence INTEGER NOT NULL',
    'timestamp INTEGER NOT NULL',
    'progress INTEGER NOT NULL DEFAULT 0',
    'data TEXT NOT NULL',
    'estimated_time_remaining INTEGER',
    'created_at INTEGER DEFAULT (unixepoch())',
  ],
  go_goscope_idempotency: [
    'key TEXT PRIMARY KEY',
    'value TEXT NOT NULL',
    'expires_at INTEGER',
    'created_at INTEGER DEFAULT (unixepoch())',
    'updated_at INTEGER DEFAULT (unixepoch())',
  ],
}

/** The published indexes with their columns. */
export const PUBLISHED_INDEXES: Readonly<Record<string, string>> = {
  idx_cache_expires: 'go_goscope_cache(expires_at)',
  idx_checkpoints_task: 'go_goscope_checkpoints(task_id)',
  idx_checkpoints_sequence: 'go_goscope_checkpoints(task_id, sequence)',
  idx_idempotency_expires: 'go_goscope_idempotency(expires_at) WHERE expires_at IS NOT NULL',
}

/** Creates the empty tables of go-go-scope 2.9. */
export async function createPublishedTables(world: World): Promise<void> {
  for (const [table, columns] of Object.entries(PUBLISHED_TABLES)) {
    await world.rows(`CREATE TABLE IF NOT EXISTS ${table} (${columns.join(', ')})`)
  }
  for (const [index, on] of Object.entries(PUBLISHED_INDEXES)) {
    await world.rows(`CREATE INDEX IF NOT EXISTS ${index} ON ${on}`)
  }
}

/** Writes the rows that 2.9.1 wrote for the prefix `app:`, with expiry times rounded down to whole seconds. */
export async function writePublishedRows(world: World): Promise<void> {
  const now = world.clock.now()
  const inOneHour = Math.floor((now + 3_600_000) / 1_000)
  const longAgo = Math.floor((now - 5_000) / 1_000)
  const cache = 'INSERT OR REPLACE INTO go_goscope_cache (key, value, expires_at) VALUES (?, ?, ?)'
  await world.rows(cache, ['app:cache:user:1', '{"name":"Ada","tags":[1,null]}', inOneHour])
  await world.rows(cache, ['app:cache:for ever', '"text"', null])
  await world.rows(cache, ['app:cache:expired', '1', longAgo])
  await world.rows(cache, ['other:cache:user:1', '"theirs"', null])
  const circuit = `INSERT OR REPLACE INTO go_goscope_circuit
    (key, state, failure_count, last_failure_time, last_success_time, updated_at) VALUES (?, ?, ?, ?, ?, ?)`
  await world.rows(circuit, ['app:circuit:api', 'open', 5, now - 1_000, now - 9_000, now - 1_000])
  await world.rows(circuit, ['app:circuit:fresh', 'closed', 0, null, null, now])
  const idempotency = 'INSERT OR REPLACE INTO go_goscope_idempotency (key, value, expires_at) VALUES (?, ?, ?)'
  await world.rows(idempotency, ['app:pay-1', '[null,{"receipt":7}]', inOneHour])
  await world.rows(idempotency, ['app:pay-2', '[null,null]', null])
  await world.rows(idempotency, ['app:expired', '[null,1]', longAgo])
  const checkpoint = `INSERT OR REPLACE INTO go_goscope_checkpoints
    (id, task_id, sequence, timestamp, progress, data, estimated_time_remaining) VALUES (?, ?, ?, ?, ?, ?, ?)`
  await world.rows(checkpoint, ['import-1-1', 'import', 1, now - 20, 10, '{"row":100}', null])
  await world.rows(checkpoint, ['import-2-2', 'import', 2, now - 10, 20.5, '{"row":200}', 4_000])
}
