/** Converts a row of `checkpoints` to what its caller expects. */
export function toCheckpoint(row) {
  return {
    id: row.id,
    taskId: row.task_id,
    sequence: row.sequence,
    timestamp: row.timestamp,
    progress: row.progress,
    data: JSON.parse(row.data),
  }
}
