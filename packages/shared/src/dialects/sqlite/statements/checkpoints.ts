import { read, write } from '../../../queue/statement.js'
import type { CheckpointSql } from '../../../stores/checkpoint/checkpoint-sql.js'
import { boundRows } from './places.js'

const COLUMNS = 'id, task_id, sequence, timestamp, progress, data, estimated_time_remaining'

// json_each also has a column id, so the names are qualified.
const SAVED_COLUMNS = COLUMNS.replaceAll(/\w+/g, 'saved.$&')

const ON_SAVE = `ON CONFLICT (id) DO UPDATE SET
  task_id = excluded.task_id, sequence = excluded.sequence, timestamp = excluded.timestamp,
  progress = excluded.progress, data = excluded.data,
  estimated_time_remaining = excluded.estimated_time_remaining, created_at = excluded.created_at`

// The table has two indexes that begin with task_id. Only idx_checkpoints_sequence provides the order without a sort.
export const checkpointSql: CheckpointSql = {
  table: 'go_goscope_checkpoints',

  save: write(
    'checkpoint.save',
    'none',
    `INSERT INTO go_goscope_checkpoints (${COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ${ON_SAVE}`,
    {
      batch: {
        match: 'none',
        sql: `INSERT INTO go_goscope_checkpoints (${COLUMNS})
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6
FROM json_each(?1) WHERE true ${ON_SAVE}`,
        bound: `INSERT INTO go_goscope_checkpoints (${COLUMNS}) VALUES ${boundRows(7)} ${ON_SAVE}`,
      },
    },
  ),

  loadLatest: read(
    'checkpoint.loadLatest',
    'one',
    `SELECT ${COLUMNS} FROM go_goscope_checkpoints INDEXED BY idx_checkpoints_sequence
WHERE task_id = ?1 ORDER BY sequence DESC, rowid DESC LIMIT 1`,
    {
      batch: {
        match: 'index',
        sql: `SELECT calls.key AS i, ${SAVED_COLUMNS}
FROM json_each(?1) AS calls CROSS JOIN go_goscope_checkpoints AS saved ON saved.rowid = (
  SELECT rowid FROM go_goscope_checkpoints INDEXED BY idx_checkpoints_sequence
  WHERE task_id = calls.value ORDER BY sequence DESC, rowid DESC LIMIT 1
)`,
      },
    },
  ),

  load: read('checkpoint.load', 'one', `SELECT ${COLUMNS} FROM go_goscope_checkpoints WHERE id = ?1`, {
    batch: {
      match: 'index',
      sql: `SELECT calls.key AS i, ${SAVED_COLUMNS}
FROM json_each(?1) AS calls CROSS JOIN go_goscope_checkpoints AS saved ON saved.id = calls.value`,
    },
  }),

  list: read(
    'checkpoint.list',
    'many',
    `SELECT ${COLUMNS} FROM go_goscope_checkpoints INDEXED BY idx_checkpoints_sequence
WHERE task_id = ?1 ORDER BY sequence, rowid`,
    { scans: true },
  ),

  cleanup: write(
    'checkpoint.cleanup',
    'none',
    `DELETE FROM go_goscope_checkpoints WHERE rowid IN (
  SELECT rowid FROM go_goscope_checkpoints INDEXED BY idx_checkpoints_sequence
  WHERE task_id = ?1 ORDER BY sequence DESC, rowid DESC LIMIT -1 OFFSET ?2
)`,
    {
      // LIMIT cannot use columns, so calls share a statement only if they keep the same number.
      batch: {
        match: 'none',
        shared: 1,
        sql: `DELETE FROM go_goscope_checkpoints WHERE rowid IN (
  SELECT saved.rowid FROM json_each(?1) AS calls CROSS JOIN go_goscope_checkpoints AS saved ON saved.rowid IN (
    SELECT rowid FROM go_goscope_checkpoints INDEXED BY idx_checkpoints_sequence
    WHERE task_id = calls.value ORDER BY sequence DESC, rowid DESC LIMIT -1 OFFSET ?2
  )
)`,
      },
    },
  ),

  deleteAll: write('checkpoint.deleteAll', 'none', 'DELETE FROM go_goscope_checkpoints WHERE task_id = ?1', {
    batch: {
      match: 'none',
      sql: 'DELETE FROM go_goscope_checkpoints WHERE task_id IN (SELECT value FROM json_each(?1))',
    },
  }),
}
