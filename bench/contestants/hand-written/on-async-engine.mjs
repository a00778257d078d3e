import { SINGLE } from './statements.mjs'
import { toCheckpoint } from './to-checkpoint.mjs'

/**
 * A cache over two prepared statements of `sqlite3`.
 *
 * @param {(sql: string) => any} statement returns `all` and `run`, each with a callback, for an SQL text
 * @param {{ get: string, set: string }} sql
 */
export function cacheOnAsyncEngine(statement, sql) {
  const get = statement(sql.get)
  const set = statement(sql.set)
  return {
    // Reads by `all`, which costs the same: a `get` leaves its statement open, and then the WAL never restarts.
    get: (key) =>
      new Promise((resolve, reject) => {
        get.all([key, Date.now()], (error, [row] = []) =>
          error ? reject(error) : resolve(row ? JSON.parse(row.value) : null),
        )
      }),
    set: (key, value) =>
      new Promise((resolve, reject) => {
        set.run([key, JSON.stringify(value), null], (error) => (error ? reject(error) : resolve()))
      }),
  }
}

/**
 * Hand-written code over `sqlite3`.
 *
 * @param {(sql: string) => any} statement returns `all` and `run`, each with a callback, for an SQL text
 */
export function onAsyncEngine(statement) {
  const recordFailure = statement(SINGLE.recordFailure)
  const getResult = statement(SINGLE.getResult)
  const setResult = statement(SINGLE.setResult)
  const save = statement(SINGLE.save)
  const cleanup = statement(SINGLE.cleanup)
  const loadLatest = statement(SINGLE.loadLatest)
  return {
    cache: cacheOnAsyncEngine(statement, SINGLE),
    breaker: {
      recordFailure: (key, maxFailures) =>
        new Promise((resolve, reject) => {
          // `all`, because `get` does not step to the end and would leave the write open.
          recordFailure.all([key, maxFailures, Date.now()], (error, rows) =>
            error ? reject(error) : resolve(rows[0].failure_count),
          )
        }),
    },
    idempotency: {
      get: (key) =>
        new Promise((resolve, reject) => {
          getResult.all([key, Date.now()], (error, [row] = []) =>
            error ? reject(error) : resolve(row ? { value: JSON.parse(row.value), expiresAt: row.expires_at } : null),
          )
        }),
      set: (key, value, ttl) =>
        new Promise((resolve, reject) => {
          setResult.run([key, JSON.stringify(value), Date.now() + ttl], (error) => (error ? reject(error) : resolve()))
        }),
    },
    checkpoint: {
      save: ({ id, taskId, sequence, timestamp, progress, data }) =>
        new Promise((resolve, reject) => {
          save.run([id, taskId, sequence, timestamp, progress, JSON.stringify(data)], (error) =>
            error ? reject(error) : resolve(),
          )
        }),
      cleanup: (taskId, keep) =>
        new Promise((resolve, reject) => {
          cleanup.run([taskId, keep], (error) => (error ? reject(error) : resolve()))
        }),
      loadLatest: (taskId) =>
        new Promise((resolve, reject) => {
          loadLatest.all([taskId], (error, [row] = []) =>
            error ? reject(error) : resolve(row ? toCheckpoint(row) : undefined),
          )
        }),
    },
  }
}
