import { SINGLE } from './statements.mjs'
import { toCheckpoint } from './to-checkpoint.mjs'

/**
 * A cache over two prepared statements of a synchronous engine.
 *
 * @param {(sql: string) => any} statement returns `get` and `run` for an SQL text
 * @param {{ get: string, set: string }} sql
 */
export function cacheOnSyncEngine(statement, sql) {
  const get = statement(sql.get)
  const set = statement(sql.set)
  return {
    async get(key) {
      const row = get.get(key, Date.now())
      return row ? JSON.parse(row.value) : null
    },
    async set(key, value) {
      set.run(key, JSON.stringify(value), null)
    },
  }
}

/**
 * Hand-written code over a synchronous engine.
 *
 * @param {(sql: string) => any} statement returns `get`, `all` and `run` for an SQL text
 */
export function onSyncEngine(statement) {
  const recordFailure = statement(SINGLE.recordFailure)
  const getResult = statement(SINGLE.getResult)
  const setResult = statement(SINGLE.setResult)
  const save = statement(SINGLE.save)
  const cleanup = statement(SINGLE.cleanup)
  const loadLatest = statement(SINGLE.loadLatest)
  return {
    cache: cacheOnSyncEngine(statement, SINGLE),
    breaker: {
      async recordFailure(key, maxFailures) {
        // `all`, because a `get` need not step to the end and would leave the write open.
        return recordFailure.all(key, maxFailures, Date.now())[0].failure_count
      },
    },
    idempotency: {
      async get(key) {
        const row = getResult.get(key, Date.now())
        return row ? { value: JSON.parse(row.value), expiresAt: row.expires_at } : null
      },
      async set(key, value, ttl) {
        setResult.run(key, JSON.stringify(value), Date.now() + ttl)
      },
    },
    checkpoint: {
      async save({ id, taskId, sequence, timestamp, progress, data }) {
        save.run(id, taskId, sequence, timestamp, progress, JSON.stringify(data))
      },
      async cleanup(taskId, keep) {
        cleanup.run(taskId, keep)
      },
      async loadLatest(taskId) {
        const row = loadLatest.get(taskId)
        return row ? toCheckpoint(row) : undefined
      },
    },
  }
}
