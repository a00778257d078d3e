import { batches } from './batches.mjs'
import { loader } from './loader.mjs'

/**
 * Hand-written code for many callers of single calls: all calls made before the next microtask are one `json_each` statement, and
 * each caller gets its own promise.
 *
 * @param {(sql: string) => (...parameters: unknown[]) => any} statement as {@link batches} takes it
 */
export function loaders(statement) {
  const { cache, breaker, idempotency, checkpoint } = batches(statement)
  const set = loader(cache.setBatch)
  const setResult = loader(idempotency.setBatch)
  return {
    cache: { get: loader(cache.getBatch), set: (key, value) => set([key, value]) },
    breaker: { recordFailure: loader(breaker.recordFailureBatch) },
    idempotency: {
      get: loader(idempotency.getBatch),
      set: (key, value, ttl) => setResult([key, value], ttl),
    },
    checkpoint: {
      save: loader(checkpoint.saveBatch),
      cleanup: loader(checkpoint.cleanupBatch),
      loadLatest: loader(checkpoint.loadLatestBatch),
    },
  }
}
