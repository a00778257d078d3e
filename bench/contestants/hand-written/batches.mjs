import { MANY } from './statements.mjs'
import { toCheckpoint } from './to-checkpoint.mjs'

/**
 * Hand-written code for many calls at once: arrays in, one `json_each` statement, arrays out.
 *
 * @param {(sql: string) => (...parameters: unknown[]) => any} statement runs an SQL text to its end and returns its rows,
 *   or a promise of them
 */
export function batches(statement) {
  const get = statement(MANY.get)
  const set = statement(MANY.set)
  const recordFailure = statement(MANY.recordFailure)
  const getResult = statement(MANY.getResult)
  const setResult = statement(MANY.setResult)
  const save = statement(MANY.save)
  const cleanup = statement(MANY.cleanup)
  const loadLatest = statement(MANY.loadLatest)
  return {
    cache: {
      async getBatch(keys) {
        const values = new Array(keys.length).fill(null)
        for (const row of await get(JSON.stringify(keys), Date.now())) values[row.i] = JSON.parse(row.value)
        return values
      },
      async setBatch(entries) {
        await set(JSON.stringify(entries.map(([key, value]) => [key, JSON.stringify(value), null])))
      },
    },
    breaker: {
      async recordFailureBatch(keys, maxFailures) {
        const rows = await recordFailure(JSON.stringify(keys), maxFailures, Date.now())
        return rows.map((row) => row.failure_count)
      },
    },
    idempotency: {
      async getBatch(keys) {
        const results = new Array(keys.length).fill(null)
        for (const row of await getResult(JSON.stringify(keys), Date.now())) {
          results[row.i] = { value: JSON.parse(row.value), expiresAt: row.expires_at }
        }
        return results
      },
      async setBatch(entries, ttl) {
        const expiresAt = Date.now() + ttl
        await setResult(JSON.stringify(entries.map(([key, value]) => [key, JSON.stringify(value), expiresAt])))
      },
    },
    checkpoint: {
      async saveBatch(checkpoints) {
        await save(
          JSON.stringify(
            checkpoints.map(({ id, taskId, sequence, timestamp, progress, data }) => [
              id,
              taskId,
              sequence,
              timestamp,
              progress,
              JSON.stringify(data),
            ]),
          ),
        )
      },
      async cleanupBatch(taskIds, keep) {
        await cleanup(JSON.stringify(taskIds), keep)
      },
      async loadLatestBatch(taskIds) {
        const found = new Array(taskIds.length)
        for (const row of await loadLatest(JSON.stringify(taskIds))) found[row.i] = toCheckpoint(row)
        return found
      },
    },
  }
}
