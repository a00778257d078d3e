import { batches } from './batches.mjs'

/**
 * What a programmer writes by hand for many callers of single calls: what is called before the next microtask goes as one
 * `json_each` statement, and each caller gets a promise of its own.
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

/**
 * @param {(items: unknown[], shared?: unknown) => Promise<unknown[] | void>} batch gives a result for each item, or none
 * @returns {(item: unknown, shared?: unknown) => Promise<any>}
 */
function loader(batch) {
  let open
  return (item, shared) =>
    new Promise((resolve, reject) => {
      if (open === undefined || open.shared !== shared) {
        const mine = { shared, items: [], callers: [] }
        open = mine
        queueMicrotask(() => {
          if (open === mine) open = undefined
          void send(batch, mine)
        })
      }
      open.items.push(item)
      open.callers.push({ resolve, reject })
    })
}

async function send(batch, { items, shared, callers }) {
  try {
    const results = await batch(items, shared)
    for (let at = 0; at < callers.length; at++) callers[at].resolve(results?.[at])
  } catch (error) {
    for (const { reject } of callers) reject(error)
  }
}
