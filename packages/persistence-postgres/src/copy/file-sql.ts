import { COPIES_TABLE, MOVED_TABLE, sealingSteps, unsealingSteps } from '@go-go-scope/persistence-core'
import { COPIED_TABLES, type TableKind } from './copied-tables.js'
import type { StoreSql, TableSql } from './store-sql.js'

const CELL = (at: number): string => `call.value ->> ${at}`
const bytes = (...columns: string[]): string =>
  columns.map((column) => `coalesce(length(CAST(${column} AS BLOB)), 0)`).join(' + ')
const behind = (first: boolean): string => (first ? '>=' : '>')

// A key has a row in one of these tables, or in both.
const KEYS = (condition: string): string => `SELECT key FROM go_goscope_idempotency WHERE ${condition}
UNION SELECT key FROM go_goscope_claim_records WHERE failure IS NOT NULL AND ${condition}`
const OF_KEYS = `LEFT JOIN go_goscope_idempotency AS result ON result.key = keys.key
LEFT JOIN go_goscope_claim_records AS record ON record.key = keys.key`

const IDEMPOTENCY: TableSql = {
  count: `SELECT (SELECT count(*) FROM go_goscope_idempotency) + (
  SELECT count(*) FROM go_goscope_claim_records AS record WHERE failure IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM go_goscope_idempotency AS result WHERE result.key = record.key)
) AS rows`,
  sizes: (first) => `SELECT keys.key AS at, ${bytes('result.value', 'record.failure')} AS bytes
FROM (${KEYS(`key ${behind(first)} ?1`)} ORDER BY 1 LIMIT ?2) AS keys ${OF_KEYS} ORDER BY 1`,
  rows: (first) => `SELECT keys.key AS key,
  CASE WHEN typeof(result.value) <> 'blob' THEN result.value END AS value,
  CASE WHEN typeof(result.value) = 'blob' THEN CAST(result.value AS TEXT) END AS unstored,
  result.expires_at AS expires_at, record.fingerprint AS fingerprint, record.failure AS failure,
  CASE WHEN record.failure IS NOT NULL THEN record.expires_at END AS failure_expires_at
FROM (${KEYS(`key ${behind(first)} ?1 AND key <= ?2`)} ORDER BY 1) AS keys ${OF_KEYS} ORDER BY 1`,
  insert: () => [
    `INSERT INTO go_goscope_idempotency (key, value, expires_at)
SELECT ${CELL(0)}, coalesce(${CELL(1)}, CAST(${CELL(2)} AS BLOB)), ${CELL(3)}
FROM json_each(?1) AS call WHERE ${CELL(1)} IS NOT NULL OR ${CELL(2)} IS NOT NULL`,
    // After the results, because inserting a result deletes the record of its key.
    `INSERT INTO go_goscope_claim_records (key, fingerprint, failure, expires_at)
SELECT ${CELL(0)}, ${CELL(4)}, ${CELL(5)}, CASE WHEN ${CELL(5)} IS NULL THEN ${CELL(3)} ELSE ${CELL(6)} END
FROM json_each(?1) AS call WHERE ${CELL(4)} IS NOT NULL OR ${CELL(5)} IS NOT NULL`,
  ],
}

/** @param more Columns that the copy lacks, each with its value. */
function plainTable(kind: TableKind, name: string, at: string, size: string, more: [string, string][] = []): TableSql {
  const columns = Object.keys(COPIED_TABLES[kind].columns)
  return {
    count: `SELECT count(*) AS rows FROM "${name}"`,
    sizes: (first) =>
      `SELECT ${at} AS at, ${size} AS bytes FROM "${name}" WHERE ${at} ${behind(first)} ?1 ORDER BY 1 LIMIT ?2`,
    rows: (first) =>
      `SELECT ${columns.join(', ')} FROM "${name}" WHERE ${at} ${behind(first)} ?1 AND ${at} <= ?2 ORDER BY ${at}`,
    insert: () => [
      `INSERT INTO "${name}" (${[...columns, ...more.map(([column]) => column)].join(', ')})
SELECT ${[...columns.map((_, index) => CELL(index)), ...more.map(([, value]) => value)].join(', ')} FROM json_each(?1) AS call`,
    ],
  }
}

const CLOCK = '(SELECT clock FROM go_goscope_lock_counter WHERE id = 1)'
const LAST_GRANT = 'coalesce((SELECT now FROM go_goscope_claim_clock), 0)'

export const fileSql: StoreSql = {
  table(kind, name) {
    switch (kind) {
      case 'idempotency':
        return IDEMPOTENCY
      case 'checkpoints':
        return plainTable(kind, 'go_goscope_checkpoints', 'rowid', bytes('data'))
      case 'circuit':
        // Without a revision, the trigger would take the row for one written by another release.
        return plainTable(kind, 'go_goscope_circuit', 'key', '0', [['revision', '1']])
      case 'prefixes':
        return plainTable(kind, 'go_goscope_prefixes', 'prefix', '0')
      case 'cache':
        return plainTable(kind, name === 'cache' ? 'go_goscope_cache' : name, 'key', bytes('value'))
    }
  },

  ownCaches: `SELECT tbl_name AS name FROM sqlite_master
WHERE type = 'index' AND name = 'go_goscope_expires_of_' || tbl_name ORDER BY 1`,

  createCache: (name) => [
    `CREATE TABLE IF NOT EXISTS "${name}" (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL,
  expires_at INTEGER,
  created_at INTEGER DEFAULT (unixepoch())
)`,
    `CREATE INDEX IF NOT EXISTS "go_goscope_expires_of_${name}" ON "${name}"(expires_at) WHERE expires_at IS NOT NULL`,
  ],

  held: (now) => ({
    sql: `SELECT 'lock ' || key AS name FROM go_goscope_locks WHERE expires_at > max(?1, ${CLOCK})
UNION ALL SELECT 'claim ' || key FROM go_goscope_claims WHERE expires_at > max(?1, ${LAST_GRANT}) LIMIT 5`,
    parameters: [now],
  }),

  given: `SELECT
  max((SELECT token FROM go_goscope_lock_counter WHERE id = 1), coalesce((SELECT max(token) FROM go_goscope_locks), 0)) AS token,
  coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'go_goscope_claims'), 0) AS generation`,

  raise: ({ token, generation }) => [
    { sql: 'UPDATE go_goscope_lock_counter SET token = max(token, ?1) WHERE id = 1', parameters: [token] },
    {
      sql: `INSERT INTO sqlite_sequence (name, seq)
SELECT 'go_goscope_claims', 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'go_goscope_claims')`,
    },
    { sql: `UPDATE sqlite_sequence SET seq = max(seq, ?1) WHERE name = 'go_goscope_claims'`, parameters: [generation] },
  ],

  marks: `SELECT name FROM sqlite_master WHERE name IN ('${MOVED_TABLE}', '${COPIES_TABLE}')`,
  moved: MOVED_TABLE,
  copies: COPIES_TABLE,
  beginCopy: [
    `CREATE TABLE IF NOT EXISTS ${COPIES_TABLE} (
  name TEXT PRIMARY KEY NOT NULL, id TEXT NOT NULL, store TEXT NOT NULL, position TEXT, rows INTEGER NOT NULL
) STRICT`,
    'DELETE FROM go_goscope_prefixes',
  ],

  occupied: `SELECT 1 AS found FROM (SELECT 1 FROM go_goscope_cache LIMIT 1)
UNION SELECT 1 FROM (SELECT 1 FROM go_goscope_circuit LIMIT 1)
UNION SELECT 1 FROM (SELECT 1 FROM go_goscope_idempotency LIMIT 1)
UNION SELECT 1 FROM (SELECT 1 FROM go_goscope_claim_records LIMIT 1)
UNION SELECT 1 FROM (SELECT 1 FROM go_goscope_checkpoints LIMIT 1)
UNION SELECT 1 FROM (SELECT 1 FROM go_goscope_locks LIMIT 1)
UNION SELECT 1 FROM (SELECT 1 FROM go_goscope_claims LIMIT 1)`,

  unflushed: [],
  flushed: [],
  // SQLite has one writer at a time, so the result of the check holds until the commit.
  seal: (free, caches, id, to) => [free, ...sealingSteps(caches, id, to)],
  unseal: (caches) => unsealingSteps(caches),
  parameter: (n) => `?${n}`,
}
