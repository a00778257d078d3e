import type { Statement } from '../../../queue/statement.js'

const COLUMNS = 'id, task_id, sequence, timestamp, progress, data, estimated_time_remaining'

// json_each has columns of its own, among them id.
const QUALIFIED = COLUMNS.replaceAll(/\w+/g, 'saved.$&')

const ON_SAVE = `ON CONFLICT (id) DO UPDATE SET
  task_id = excluded.task_id, sequence = excluded.sequence, timestamp = excluded.timestamp,
  progress = excluded.progress, data = excluded.data,
  estimated_time_remaining = excluded.estimated_time_remaining, created_at = excluded.created_at`

/** Parameters: id, task, sequence, timestamp, progress, data, estimated time remaining. */
export const SAVE: Statement<'none'> = {
  name: 'checkpoint.save',
  kind: 'write',
  rows: 'none',
  clocked: false,
  sql: `INSERT INTO go_goscope_checkpoints (${COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ${ON_SAVE}`,
  batch: {
    match: 'none',
    sql: `INSERT INTO go_goscope_checkpoints (${COLUMNS})
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6
FROM json_each(?1) WHERE true ${ON_SAVE}`,
  },
}

// The table has two indexes that begin with task_id; only this one gives the order without a sort.
const OF_TASK = 'go_goscope_checkpoints INDEXED BY idx_checkpoints_sequence WHERE task_id = ?1'

/** Parameters: task. */
export const LOAD_LATEST: Statement<'one'> = {
  name: 'checkpoint.loadLatest',
  kind: 'read',
  rows: 'one',
  clocked: false,
  sql: `SELECT ${COLUMNS} FROM ${OF_TASK} ORDER BY sequence DESC, rowid DESC LIMIT 1`,
  batch: {
    match: 'index',
    sql: `SELECT calls.key AS i, ${QUALIFIED} FROM json_each(?1) AS calls CROSS JOIN go_goscope_checkpoints AS saved
ON saved.rowid = (
  SELECT rowid FROM go_goscope_checkpoints INDEXED BY idx_checkpoints_sequence
  WHERE task_id = calls.value ORDER BY sequence DESC, rowid DESC LIMIT 1
)`,
  },
}

/** Parameters: id. */
export const LOAD: Statement<'one'> = {
  name: 'checkpoint.load',
  kind: 'read',
  rows: 'one',
  clocked: false,
  sql: `SELECT ${COLUMNS} FROM go_goscope_checkpoints WHERE id = ?1`,
  batch: {
    match: 'index',
    sql: `SELECT calls.key AS i, ${QUALIFIED}
FROM json_each(?1) AS calls CROSS JOIN go_goscope_checkpoints AS saved ON saved.id = calls.value`,
  },
}

/** Parameters: task. */
export const LIST: Statement<'many'> = {
  name: 'checkpoint.list',
  kind: 'read',
  rows: 'many',
  clocked: false,
  sql: `SELECT ${COLUMNS} FROM ${OF_TASK} ORDER BY sequence, rowid`,
}

/** Parameters: task, how many to keep. Costs the rows kept and the rows deleted, not the rows of the table. */
export const CLEANUP: Statement<'none'> = {
  name: 'checkpoint.cleanup',
  kind: 'write',
  rows: 'none',
  clocked: false,
  sql: `DELETE FROM go_goscope_checkpoints WHERE rowid IN (
  SELECT rowid FROM ${OF_TASK} ORDER BY sequence DESC, rowid DESC LIMIT -1 OFFSET ?2
)`,
  // LIMIT sees no column of another table, so calls share a statement if they keep the same number.
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
}

/** Parameters: task. */
export const DELETE_ALL: Statement<'none'> = {
  name: 'checkpoint.deleteAll',
  kind: 'write',
  rows: 'none',
  clocked: false,
  sql: 'DELETE FROM go_goscope_checkpoints WHERE task_id = ?1',
  batch: {
    match: 'none',
    sql: 'DELETE FROM go_goscope_checkpoints WHERE task_id IN (SELECT value FROM json_each(?1))',
  },
}
