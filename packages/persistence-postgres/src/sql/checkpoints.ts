import { type CheckpointSql, read, write } from '@go-go-scope/persistence-core/dialect'
import { callsOf, TEXTS } from './calls.js'
import { LOCK_TIMEOUT } from './lock-timeout.js'

const COLUMNS = 'id, task_id, sequence, timestamp, progress, data, estimated_time_remaining'
const GIVEN = COLUMNS.replace('sequence', 'sequence::float8 AS sequence')

/** @param schema Quoted. */
export function checkpointSql(schema: string): CheckpointSql {
  const table = `${schema}.checkpoints`
  const onSave = `ON CONFLICT (id) DO UPDATE SET
  task_id = excluded.task_id, sequence = excluded.sequence, timestamp = excluded.timestamp, progress = excluded.progress,
  data = excluded.data, estimated_time_remaining = excluded.estimated_time_remaining`
  const newest = (task: string): string => `WHERE task_id = ${task} ORDER BY ${table}.sequence DESC, row_id DESC`
  const asked = (condition: string): string => `SELECT calls.i, found.* FROM ${callsOf('name')} CROSS JOIN LATERAL (
  SELECT ${GIVEN} FROM ${table} ${condition} LIMIT 1
) AS found`

  return {
    table: table.replaceAll('"', ''),

    save: write(
      'checkpoint.save',
      'none',
      `INSERT INTO ${table} (${COLUMNS})
SELECT $1::text, $2::text, $3::bigint, $4::float8, $5::float8, $6::text, $7::float8 FROM ${LOCK_TIMEOUT} ${onSave}`,
      {
        repeatable: true,
        batch: {
          match: 'none',
          distinct: true,
          // In the order of the calls, because that is the order of checkpoints with equal sequence numbers.
          sql: `INSERT INTO ${table} (${COLUMNS})
SELECT id, task_id, sequence, at, progress, data, estimate
FROM ${callsOf('id', 'task_id', 'sequence bigint', 'at float8', 'progress float8', 'data', 'estimate float8')} ORDER BY i
${onSave}`,
        },
      },
    ),

    loadLatest: read('checkpoint.loadLatest', 'one', `SELECT ${GIVEN} FROM ${table} ${newest('$1::text')} LIMIT 1`, {
      batch: { match: 'index', sql: asked(newest('calls.name')) },
    }),

    load: read('checkpoint.load', 'one', `SELECT ${GIVEN} FROM ${table} WHERE id = $1::text`, {
      batch: { match: 'index', sql: asked('WHERE id = calls.name') },
    }),

    list: read(
      'checkpoint.list',
      'many',
      `SELECT ${GIVEN} FROM ${table} WHERE task_id = $1::text ORDER BY ${table}.sequence, row_id`,
    ),

    cleanup: write(
      'checkpoint.cleanup',
      'none',
      `DELETE FROM ${table} USING ${LOCK_TIMEOUT}
WHERE id = ANY (ARRAY(SELECT id FROM ${table} ${newest('$1::text')} OFFSET $2::bigint))`,
      {
        repeatable: true,
        batch: {
          match: 'none',
          shared: 1,
          sql: `DELETE FROM ${table} WHERE id = ANY (ARRAY(
  SELECT old.id FROM ${callsOf('name')} CROSS JOIN LATERAL (
    SELECT id FROM ${table} ${newest('calls.name')} OFFSET $2::bigint
  ) AS old
))`,
        },
      },
    ),

    deleteAll: write(
      'checkpoint.deleteAll',
      'none',
      `DELETE FROM ${table} USING ${LOCK_TIMEOUT} WHERE task_id = $1::text`,
      {
        repeatable: true,
        batch: { match: 'none', sql: `DELETE FROM ${table} USING ${LOCK_TIMEOUT} WHERE task_id = ANY (${TEXTS})` },
      },
    ),
  }
}
