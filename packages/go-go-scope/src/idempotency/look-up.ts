import type { IdempotencyProvider } from '@go-go-scope/persistence-sqlite-core/ports'
import type { IdempotentAnswer, IdempotentRequest } from './idempotent-turn.js'
import { saysNotStored } from './result-not-stored-error.js'
import { replayable, reportUnstored, type StoredResult } from './stored-result.js'

/**
 * Looks a key up in a store that only knows `get` and `set`. One that fails is reported and otherwise counts as empty:
 * the task then runs, and its result stands although it could not be recorded.
 *
 * @throws (as a rejection) what says that the key was run and its result not stored.
 */
export async function lookUp<T>(
  provider: IdempotencyProvider,
  request: IdempotentRequest,
): Promise<IdempotentAnswer<T>> {
  const { key, ttl, report } = request
  try {
    const hit = await find<T>(provider, key)
    if (hit !== undefined) return { replayed: true, value: hit.value }
  } catch (error) {
    if (saysNotStored(error)) throw error
    report('idempotency.get', error)
  }
  const store = (result: StoredResult<T>): Promise<void> => provider.set<StoredResult<T>>(key, result, ttl)
  return {
    replayed: false,
    succeeded: (value) => value,
    async record(value) {
      try {
        await store([undefined, value])
      } catch (error) {
        await reportUnstored(request, 'idempotency.set', error, async (mark) => {
          // Another process may have run the key too; a value of its own is better than none.
          if ((await find(provider, key)) === undefined) await store(mark)
          return true
        })
      }
    },
  }
}

async function find<T>(provider: IdempotencyProvider, key: string): Promise<{ value: T } | undefined> {
  const entry = await provider.get<unknown>(key)
  return entry === null ? undefined : replayable<T>(key, entry.value)
}
