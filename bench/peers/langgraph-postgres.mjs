import { PostgresSaver } from '@langchain/langgraph-checkpoint-postgres'

/** langgraph's checkpoint saver, which keeps a pool of ten and finds the newest checkpoint by the order of the ids. */
export async function open({ url, schema }) {
  const saver = PostgresSaver.fromConnString(url, { schema })
  await saver.setup()
  const at = (taskId) => ({ configurable: { thread_id: taskId, checkpoint_ns: '' } })
  return {
    checkpoint: {
      save({ id, taskId, sequence, timestamp, progress, data }) {
        const checkpoint = {
          v: 4,
          id: String(sequence).padStart(12, '0'),
          ts: new Date(timestamp).toISOString(),
          channel_values: { data, progress, id },
          channel_versions: { data: sequence, progress: sequence, id: sequence },
          versions_seen: {},
        }
        const versions = checkpoint.channel_versions
        return saver.put(at(taskId), checkpoint, { source: 'loop', step: sequence, parents: {} }, versions)
      },
      async loadLatest(taskId) {
        const tuple = await saver.getTuple(at(taskId))
        if (tuple === undefined) return undefined
        const { data, progress, id } = tuple.checkpoint.channel_values
        return { id, taskId, sequence: tuple.metadata.step, timestamp: Date.parse(tuple.checkpoint.ts), progress, data }
      },
    },
  }
}
