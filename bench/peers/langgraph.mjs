import { SqliteSaver } from '@langchain/langgraph-checkpoint-sqlite'
import Database from 'better-sqlite3'
import { tuning } from '../engines/tuning.mjs'

/**
 * langgraph's checkpoint saver, on better-sqlite3. It finds the newest checkpoint by the order of the ids. It
 * has no retention: its users write the statement that drops old checkpoints.
 */
export async function open({ path, storage }) {
  const database = new Database(path)
  for (const pragma of tuning(storage)) database.exec(pragma)
  const saver = new SqliteSaver(database)
  saver.setup()
  const cleanup = database.prepare(`DELETE FROM checkpoints WHERE rowid IN (
    SELECT rowid FROM checkpoints WHERE thread_id = ? AND checkpoint_ns = '' ORDER BY checkpoint_id DESC LIMIT -1 OFFSET ?)`)
  return {
    pragma: (sql) => database.exec(sql),
    checkpoint: {
      save({ id, taskId, sequence, timestamp, progress, data }) {
        const checkpoint = {
          v: 4,
          id: sortable(sequence),
          ts: new Date(timestamp).toISOString(),
          channel_values: { data, progress, id },
          channel_versions: {},
          versions_seen: {},
        }
        return saver.put({ configurable: { thread_id: taskId, checkpoint_ns: '' } }, checkpoint, {
          source: 'loop',
          step: sequence,
          parents: {},
        })
      },
      async cleanup(taskId, keep) {
        cleanup.run(taskId, keep)
      },
      async loadLatest(taskId) {
        const tuple = await saver.getTuple({ configurable: { thread_id: taskId, checkpoint_ns: '' } })
        if (tuple === undefined) return undefined
        const { data, progress, id } = tuple.checkpoint.channel_values
        return { id, taskId, sequence: tuple.metadata.step, timestamp: Date.parse(tuple.checkpoint.ts), progress, data }
      },
    },
  }
}

const sortable = (sequence) => String(sequence).padStart(12, '0')
